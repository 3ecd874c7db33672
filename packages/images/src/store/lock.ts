import { ERRNO, F, F_LOCK, failsWith, O, openat2, type OwnedFd, syscall } from '@ns/syscall';

import { conflict } from '../failure.js';

/**
 * Take the store for this process: another would take its unfinished work for left-overs.
 *
 * @remarks
 * An open file description lock, see fcntl(2): it ends with the descriptor, however the process ends.
 *
 * @throws NsError `ERR_NS_CONFLICT` when the store is open already, in another process or this one.
 */
export function lockStore(path: string): OwnedFd {
  const file = openat2(path, { flags: O.O_RDWR | O.O_CREAT, mode: 0o600 });
  try {
    // struct flock: type, whence, start, length (zero: to the end), pid (zero, as it must be).
    const lock = Buffer.alloc(32);
    lock.writeInt16LE(F_LOCK.F_WRLCK, 0);
    const purpose = { what: `lock ${path}`, path };
    const taken = failsWith([ERRNO.EAGAIN, ERRNO.EACCES], () =>
      syscall(purpose, 'fcntl', file.fd, F.F_OFD_SETLK, lock),
    );
    if (taken !== undefined) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  throw conflict('image store', `${path} is locked: the store is open in another process`, {
    path,
    hint: 'stop the other daemon, or give this one another data directory',
  });
}
