import { type ByteString, toText } from '../byte-string.js';
import { corrupt } from '../failure.js';
import type { TarEntry, TarEntryType } from './entry.js';
import { numberField, textField } from './fields.js';
import { paxInteger, type PaxRecords, paxTime } from './pax.js';

/** Type flags of entries. Flags of headers that describe the next entry are the reader's business. */
const TYPES: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  // A contiguous file, on systems that had them.
  '7': 'file',
  // A sparse file in GNU's oldest format.
  S: 'file',
};

/** The flag of a header block. */
export const typeFlag = (block: Buffer): string => String.fromCharCode(block[156] ?? 0);

/** Long names that GNU tar puts before an entry. */
export interface LongNames {
  readonly name?: ByteString | undefined;
  readonly linkName?: ByteString | undefined;
}

/**
 * An entry of its header block and what stood before it. Sparse files are as yet ordinary ones.
 *
 * @throws NsError `ERR_NS_CORRUPT` for an unknown type, or a number that is none or out of range.
 */
export function parseHeader(block: Buffer, pax: PaxRecords, long: LongNames): TarEntry {
  const { values, xattrs } = pax;
  const name = long.name ?? (values.get('path') || nameOf(block));
  const flag = typeFlag(block);
  let type = TYPES[flag];
  if (type === undefined) {
    throw corrupt('tar', `an entry of unknown type ${JSON.stringify(flag)}: ${JSON.stringify(toText(name))}`);
  }
  // Before there were types, a directory was told by the slash behind its name.
  if (flag === '\0' && name.endsWith('/')) type = 'directory';
  const stated = paxInteger(values, 'size') ?? numberField(block, 124, 12, 'a size');
  if (stated < 0) throw corrupt('tar', `a negative size: ${JSON.stringify(toText(name))}`);
  // Others have no data, whatever their size says.
  const dataBytes = type === 'file' ? stated : 0;
  const isDevice = type === 'character' || type === 'block';
  return {
    type,
    name,
    linkName: long.linkName ?? (values.get('linkpath') || textField(block, 157, 100)),
    mode: numberField(block, 100, 8, 'a mode') & 0o7777,
    uid: ownerId(paxInteger(values, 'uid') ?? numberField(block, 108, 8, 'a user id'), 'user'),
    gid: ownerId(paxInteger(values, 'gid') ?? numberField(block, 116, 8, 'a group id'), 'group'),
    modifyTime: paxTime(values, 'mtime') ?? {
      seconds: numberField(block, 136, 12, 'a modification time'),
      nanoseconds: 0,
    },
    dataBytes,
    sizeBytes: dataBytes,
    majorNumber: isDevice ? numberField(block, 329, 8, 'a device number') : 0,
    minorNumber: isDevice ? numberField(block, 337, 8, 'a device number') : 0,
    xattrs,
  };
}

/** The name, which in POSIX's format goes on in a second field. GNU's has other things there. */
function nameOf(block: Buffer): ByteString {
  const name = textField(block, 0, 100);
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  // Schilling's tar keeps times behind a shorter prefix.
  const isStar = isPosix && block.toString('latin1', 508, 512) === 'tar\0';
  const prefix = isPosix ? textField(block, 345, isStar ? 131 : 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function ownerId(id: number, kind: string): number {
  // The last id means "leave as it is" to chown(2).
  if (id < 0 || id >= 0xffff_ffff) throw corrupt('tar', `a ${kind} id out of range: ${id}`);
  return id;
}
