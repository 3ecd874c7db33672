import type { KoffiFunc } from 'koffi';

import { native, syscallError } from './native.js';

type Syncfs = KoffiFunc<(fd: number) => number>;

let syncfsCall: Syncfs | undefined;

/**
 * Write to disk all that the file system of a descriptor has in memory. See syncfs(2).
 *
 * @remarks
 * Runs on a thread of libuv's pool, as Node's own `fsync` does: the event loop goes on. One call in place of an
 * fsync(2) for each of many files. Since Linux 5.8 it reports errors of earlier writes.
 *
 * @throws SyscallError EIO, ENOSPC, EDQUOT when data written since the descriptor was opened could not be stored.
 */
export async function syncfs(fd: number): Promise<void> {
  const { koffi, libc } = native();
  syncfsCall ??= libc.func('int syncfs(int fd)') as Syncfs;
  const call = syncfsCall;
  await new Promise<void>((resolve, reject) => {
    call.async(fd, (error: Error | null, result: number) => {
      // Another call in this thread would replace errno: it is read before anything else happens.
      const errno = result === -1 ? koffi.errno() : 0;
      if (error !== null) reject(error);
      else if (errno !== 0) reject(syscallError(`sync the file system of descriptor ${fd}`, 'syncfs', errno));
      else resolve();
    });
  });
}
