/**
 * Tar archives made by hand, so that a test can say what no program would write.
 */
import { createHash } from 'node:crypto';

const BLOCK = 512;

/** An entry. What is not given is what a plain file of root's has. */
export interface RawEntry {
  readonly name: string | Buffer;
  /** The type flag: `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` directory, `6` FIFO… */
  readonly type?: string;
  readonly data?: string | Buffer;
  /** When it is to differ from the data. */
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly linkName?: string | Buffer;
  readonly device?: readonly [number, number];
  /** `ustar` by default. */
  readonly format?: 'ustar' | 'gnu' | 'v7';
  readonly prefix?: string;
  /** Change the header before its checksum is computed. */
  readonly edit?: (header: Buffer) => void;
  /** Extended header records, before the entry. */
  readonly pax?: Readonly<Record<string, string | Buffer>> | readonly (readonly [string, string | Buffer])[];
}

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

/** The header block of an entry. */
export function header(raw: RawEntry): Buffer {
  const { name, type = '0', data = '', mode = 0o644, uid = 0, gid = 0, mtime = 0, format = 'ustar' } = raw;
  const block = Buffer.alloc(BLOCK);
  const put = (text: string | Buffer, at: number): void =>
    void Buffer.from(text as string, 'latin1').copy(block, at);
  put(typeof name === 'string' ? Buffer.from(name) : name, 0);
  put(octal(mode, 8), 100);
  put(octal(uid, 8), 108);
  put(octal(gid, 8), 116);
  put(octal(raw.size ?? Buffer.byteLength(data), 12), 124);
  put(octal(mtime, 12), 136);
  put(type, 156);
  const link = raw.linkName ?? '';
  put(typeof link === 'string' ? Buffer.from(link) : link, 157);
  if (format === 'ustar') put('ustar\x0000', 257);
  if (format === 'gnu') put('ustar  \0', 257);
  const [major, minor] = raw.device ?? [0, 0];
  if (raw.device !== undefined) {
    put(octal(major, 8), 329);
    put(octal(minor, 8), 337);
  }
  put(raw.prefix ?? '', 345);
  raw.edit?.(block);
  return checksummed(block);
}

/** Put the right checksum into a header. */
export function checksummed(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Data, and zeros up to the next block. */
export const padded = (data: string | Buffer): Buffer => {
  const bytes = Buffer.from(data as string);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
};

/** The records of an extended header. */
export function paxRecords(records: NonNullable<RawEntry['pax']>): Buffer {
  const list = Array.isArray(records)
    ? (records as readonly (readonly [string, string | Buffer])[])
    : Object.entries(records as Record<string, string | Buffer>);
  return Buffer.concat(
    list.map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')]);
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
}

/** An entry with what belongs before it. */
export function entry(raw: RawEntry): Buffer {
  const parts: Buffer[] = [];
  if (raw.pax !== undefined) {
    const data = paxRecords(raw.pax);
    parts.push(header({ name: 'PaxHeaders/x', type: 'x', data }), padded(data));
  }
  parts.push(header(raw));
  if (raw.data !== undefined) parts.push(padded(raw.data));
  return Buffer.concat(parts);
}

/** Two blocks of zeros. */
export const END: Buffer = Buffer.alloc(1024);

/** A whole archive. */
export const archive = (...entries: readonly (RawEntry | Buffer)[]): Buffer =>
  Buffer.concat([...entries.map((one) => (Buffer.isBuffer(one) ? one : entry(one))), END]);

/** Bytes in pieces of a size, as a stream gives them. */
export async function* pieces(bytes: Buffer, size: number = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The digest of bytes. */
export const sha256 = (bytes: Buffer | string): `sha256:${string}` =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
