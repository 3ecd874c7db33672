import { basename, dirname } from 'node:path';

import { AF, OwnedFd, openPath, sendFds, SOCK, syscall } from '@ns/syscall';

/** `sun_path` of `<linux/un.h>`, its NUL included. */
const MAX_PATH = 108;

/**
 * Connect to a Unix socket by its path, which may be longer than an address is.
 *
 * @param flag - Of the command line, that named it: for errors.
 */
export const connectTo = (path: string, flag: string): OwnedFd =>
  open('connect', { path, type: SOCK.SOCK_STREAM, what: `connect to the socket of --${flag}` });

/** Send a descriptor to a socket, with a name for it. */
export function sendTo(path: string, flag: string, name: string, fd: number): void {
  using socket = connectTo(path, flag);
  sendFds(socket.fd, Buffer.from(name), [fd]);
}

/** A Unix socket at a path, or `@name` in the abstract name space. */
interface Place {
  readonly path: string;
  /** `SOCK_*`. */
  readonly type: number;
  /** For errors. */
  readonly what: string;
}

/** Make a socket, close-on-exec, that is bound to its place or connected to the one that is there. */
export function open(call: 'bind' | 'connect', { path, type, what }: Place): OwnedFd {
  const purpose = { what, path };
  const socket = new OwnedFd(syscall(purpose, 'socket', AF.AF_UNIX, type | SOCK.SOCK_CLOEXEC, 0));
  try {
    const isAbstract = path.startsWith('@');
    const isLong = !isAbstract && Buffer.byteLength(path) >= MAX_PATH;
    using directory = isLong ? openPath(dirname(path), { flags: 0 }) : undefined;
    const short = directory === undefined ? path : `/proc/self/fd/${directory.fd}/${basename(path)}`;
    const family = Buffer.from(Uint16Array.of(AF.AF_UNIX).buffer);
    const address = Buffer.concat([family, Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${short}\0`)]);
    syscall(purpose, call, socket.fd, address, address.length);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
