import { SyscallError } from '@ns/errors';

import { ERRNO, errnoText } from '../uapi/errno.js';
import { FSCONFIG, FSMOUNT, FSOPEN } from '../uapi/mount.js';
import { failsWith } from './attempt.js';
import { OwnedFd } from './fd.js';
import { syscall } from './native.js';

/** Value of a file system parameter: `true` for one without a value, a descriptor where the file system takes one. */
export type FilesystemParameter = string | true | { readonly fd: number };

/**
 * Begin a file system of a type: the context that {@link fsconfig} fills and {@link fsmount} mounts. See fsopen(2),
 * Linux 5.2.
 *
 * @throws SyscallError ENODEV when the kernel does not know the type; EPERM.
 */
export function fsopen(type: string): OwnedFd {
  return new OwnedFd(syscall(`begin a ${type} file system`, 'fsopen', type, FSOPEN.FSOPEN_CLOEXEC));
}

/**
 * Set a parameter of a file system context. See fsconfig(2), Linux 5.2.
 *
 * @throws SyscallError EINVAL for a parameter or value that the file system does not take; the message has what the
 * kernel wrote about it.
 */
export function fsconfig(contextFd: number, key: string, value: FilesystemParameter): void {
  const text = typeof value === 'object' ? `descriptor ${value.fd}` : value;
  const what = `set the file system parameter ${value === true ? key : `${key}=${text}`}`;
  withLog(contextFd, what, () => {
    if (value === true) syscall(what, 'fsconfig', contextFd, FSCONFIG.FSCONFIG_SET_FLAG, key, null, 0);
    else if (typeof value === 'string') {
      syscall(what, 'fsconfig', contextFd, FSCONFIG.FSCONFIG_SET_STRING, key, value, 0);
    } else syscall(what, 'fsconfig', contextFd, FSCONFIG.FSCONFIG_SET_FD, key, null, value.fd);
  });
}

/** Create the file system whose parameters were set. See fsconfig(2), `FSCONFIG_CMD_CREATE`. */
export function fsconfigCreate(contextFd: number): void {
  const what = 'create the file system';
  withLog(contextFd, what, () =>
    syscall(what, 'fsconfig', contextFd, FSCONFIG.FSCONFIG_CMD_CREATE, null, null, 0),
  );
}

/**
 * A detached mount of a file system that was created. See fsmount(2), Linux 5.2.
 *
 * @remarks
 * Attached by `moveMount`. Closing the descriptor before that unmounts it.
 *
 * @param attributes - `MOUNT_ATTR_*`.
 */
export function fsmount(contextFd: number, attributes = 0): OwnedFd {
  const what = 'mount the file system';
  return withLog(
    contextFd,
    what,
    () => new OwnedFd(syscall(what, 'fsmount', contextFd, FSMOUNT.FSMOUNT_CLOEXEC, attributes)),
  );
}

/**
 * A new file system as a detached mount: {@link fsopen}, {@link fsconfig}, {@link fsconfigCreate}, {@link fsmount}.
 *
 * @example
 * ```ts
 * using tree = createMount('tmpfs', { size: '1m', mode: '0700' }, MOUNT_ATTR.MOUNT_ATTR_NOEXEC);
 * moveMount(tree.fd, { path: '/mnt' });
 * ```
 */
export function createMount(
  type: string,
  parameters: Readonly<Record<string, FilesystemParameter>> = {},
  attributes = 0,
): OwnedFd {
  const context = fsopen(type);
  try {
    for (const [key, value] of Object.entries(parameters)) fsconfig(context.fd, key, value);
    fsconfigCreate(context.fd);
    return fsmount(context.fd, attributes);
  } finally {
    context.close();
  }
}

/** Runs a call on a context and, when it fails, puts what the kernel wrote into the context's log into the error. */
function withLog<T>(contextFd: number, what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const log = SyscallError.is(error) ? readLog(contextFd) : [];
    if (!SyscallError.is(error) || log.length === 0) throw error;
    const { syscall: name, errno, code, args, path, hint } = error;
    const description = `${errnoText(errno)}: ${log.join('; ')}`;
    throw new SyscallError({ syscall: name, errno, code, description, what, args, path, hint });
  }
}

/** The messages of a context, which read(2) hands out one at a time as `e overlay: …`. */
function readLog(contextFd: number): string[] {
  const messages: string[] = [];
  const buffer = Buffer.alloc(4096);
  for (;;) {
    const count = failsWith([ERRNO.ENODATA, ERRNO.EMSGSIZE], () =>
      syscall('read the log of a file system', 'read', contextFd, buffer, buffer.length),
    );
    if (count === undefined || count === 0) return messages;
    messages.push(
      buffer
        .toString('utf8', 0, count)
        .trim()
        .replace(/^[ewi] /, ''),
    );
  }
}
