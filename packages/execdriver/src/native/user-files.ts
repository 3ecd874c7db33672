import { fstatSync } from 'node:fs';

import { isErrno, NsError } from '@ns/errors';
import { O, openat2, readAll, RESOLVE } from '@ns/syscall';

import type { UserFiles } from './user.js';

const MAX_BYTES = 8 * 1024 * 1024;

/**
 * The container's passwd and group files, empty where they do not exist.
 *
 * @remarks
 * The image is hostile: paths are resolved by the kernel inside the root, a FIFO must not block us, a device or a file
 * without end must not be read. See openat2(2), `RESOLVE_IN_ROOT`.
 *
 * @param rootFd - The container's root directory.
 * @throws {@link NsError} `ERR_NS_CORRUPT` for a file that is not regular or longer than 8 MiB.
 */
export const readUserFiles = (rootFd: number): UserFiles => ({
  passwd: read(rootFd, 'etc/passwd'),
  group: read(rootFd, 'etc/group'),
});

function read(rootFd: number, path: string): string {
  try {
    using file = openat2(path, {
      dirFd: rootFd,
      flags: O.O_RDONLY | O.O_NONBLOCK | O.O_NOCTTY,
      resolve: RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS,
    });
    if (!fstatSync(file.fd).isFile()) {
      throw new NsError('ERR_NS_CORRUPT', {
        operation: 'user',
        message: `/${path} of the container is not a regular file`,
        path: `/${path}`,
        hint: `make /${path} a regular file, or remove it: users are then taken by number`,
      });
    }
    return readAll(file.fd, MAX_BYTES).toString();
  } catch (error) {
    // Images without users are common: everything is then by number.
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return '';
    throw error;
  }
}
