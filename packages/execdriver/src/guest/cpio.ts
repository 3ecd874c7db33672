/** Something that the archive holds. */
export interface Entry {
  /** Without a leading slash. */
  readonly path: string;
  /** File type and permissions, as `st_mode` has them: `0o100755`. */
  readonly mode: number;
  readonly content?: Uint8Array;
  /** Major and minor number of a device. */
  readonly device?: readonly [number, number];
}

const DIRECTORY = 0o040755;

/**
 * Write an archive that the kernel unpacks as its first root file system: "newc" of cpio(5), see the kernel's
 * `buffer-format.rst`. It is written here, so that a device node needs no root and no package is needed.
 *
 * Directories are added where an entry needs them.
 */
export function cpio(entries: readonly Entry[]): Buffer {
  const all = withDirectories(entries);
  const parts = all.flatMap((entry, index) => record(entry, index + 1));
  return Buffer.concat([...parts, ...record({ path: 'TRAILER!!!', mode: 0 }, 0)]);
}

function withDirectories(entries: readonly Entry[]): Entry[] {
  const seen = new Set(entries.map((entry) => entry.path));
  const all: Entry[] = [];
  for (const entry of entries) {
    const parts = entry.path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const path = parts.slice(0, depth).join('/');
      if (!seen.has(path)) all.push({ path, mode: DIRECTORY });
      seen.add(path);
    }
    all.push(entry);
  }
  return all;
}

/** Header and name, then content, each filled up to four bytes. */
function record({ path, mode, content = new Uint8Array(), device = [0, 0] }: Entry, inode: number): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, mtime, size, device of the file (2), device that it is (2), length of name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, ...device, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [padded(Buffer.concat([header, name])), padded(Buffer.from(content))];
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
