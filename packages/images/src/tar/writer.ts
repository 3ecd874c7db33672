import { fromText } from '../byte-string.js';
import { invalid } from '../failure.js';

const BLOCK = 512;
const MAX_OCTAL = 0o77777777777;

/** An entry to be written. It belongs to root. */
export interface WrittenEntry {
  /** At most 100 bytes. */
  readonly name: string;
  readonly type: 'file' | 'directory';
  /** Permission bits. */
  readonly mode: number;
  /** Bytes of data that follow. */
  readonly sizeBytes: number;
  /** Seconds since 1970. */
  readonly modifySeconds: number;
}

/**
 * The header block of an entry, in POSIX's ustar format. The same entry is always the same bytes.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a name of more than 100 bytes.
 */
export function tarHeader(entry: WrittenEntry): Buffer {
  const name = fromText(entry.name);
  if (name.length > 100) throw invalid('tar', `the name ${entry.name} is longer than 100 bytes`);
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): void => void block.write(text, at, 'latin1');
  put(name, 0);
  put(octal(entry.mode & 0o7777, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  if (entry.sizeBytes <= MAX_OCTAL) put(octal(entry.sizeBytes, 12), 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(entry.sizeBytes), 128);
  }
  put(octal(entry.modifySeconds, 12), 136);
  put(entry.type === 'directory' ? '5' : '0', 156);
  put('ustar\x0000', 257);
  // The checksum counts its own field as spaces.
  put(' '.repeat(8), 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 7)} `, 148);
  return block;
}

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

/** What is missing behind data to fill its last block. */
export const tarPadding = (sizeBytes: number): Buffer => Buffer.alloc((BLOCK - (sizeBytes % BLOCK)) % BLOCK);

/** What ends an archive. */
export const TAR_END: Buffer = Buffer.alloc(1024);
