import { syscall } from '@ns/syscall';

import type { Purpose } from './calls.js';

/** A name in a directory. `type` is a `DT_*`, zero when the file system does not say. */
export interface DirectoryEntry {
  /** With a NUL behind it. */
  readonly name: Buffer;
  readonly type: number;
}

/** Types that getdents64(2) gives. */
export const DT = { DT_UNKNOWN: 0, DT_DIR: 4 } as const;

const BUFFER_BYTES = 32_768;
const DOT = 0x2e;

/** The next names of an open directory, without `.` and `..`; empty at its end. See getdents64(2). */
export function nextEntries(purpose: Purpose, fd: number): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  // A batch of nothing but `.` and `..` is not the end.
  while (entries.length === 0) {
    const length = syscall(purpose, 'getdents64', fd, buffer, buffer.length);
    if (length === 0) break;
    for (let at = 0; at < length; at += buffer.readUInt16LE(at + 16)) {
      const start = at + 19;
      const end = buffer.indexOf(0, start);
      if (!isDots(buffer, start, end)) {
        entries.push({ name: Buffer.from(buffer.subarray(start, end + 1)), type: buffer[at + 18] ?? 0 });
      }
    }
  }
  return entries;
}

const isDots = (buffer: Buffer, start: number, end: number): boolean =>
  buffer[start] === DOT && (end - start === 1 || (end - start === 2 && buffer[start + 1] === DOT));
