import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How sure a write is. */
export interface WriteOptions {
  /** Survive a power failure: the file and its directory are fsynced. Not needed on a tmpfs. Default true. */
  readonly durable?: boolean;
  /** Permission bits. Default 0o600. */
  readonly mode?: number;
}

const temporaryOf = (path: string): string => `${path}.${randomBytes(6).toString('hex')}.tmp`;

/** Replace a file as a whole: a reader, and a daemon that starts after a crash, sees the old content or the new. */
export async function writeAtomic(path: string, content: string, options: WriteOptions = {}): Promise<void> {
  const { durable = true, mode = 0o600 } = options;
  // Without fsync it takes less time than handing it to another thread.
  if (!durable) {
    writeNow(path, content, mode);
    return;
  }
  const temporary = temporaryOf(path);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

function writeNow(path: string, content: string, mode: number): void {
  const temporary = temporaryOf(path);
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Make the names in a directory survive a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
