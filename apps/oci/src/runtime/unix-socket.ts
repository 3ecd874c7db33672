import { basename, dirname } from 'node:path';

import { AF, OwnedFd, openPath, sendFds, SOCK, syscall } from '@ns/syscall';

/** `sun_path` of `<linux/un.h>`, its NUL included. */
const MAX_PATH = 108;

/**
 * Connect to a Unix socket by its path, which may be longer than an address is.
 *
 * @param flag - Of the command line, that named it: for errors.
 */
export function connectTo(path: string, flag: string): OwnedFd {
  const purpose = { what: `connect to the socket of --${flag}`, path };
  const type = SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC;
  const socket = new OwnedFd(syscall(purpose, 'socket', AF.AF_UNIX, type, 0));
  try {
    using directory = Buffer.byteLength(path) < MAX_PATH ? undefined : openPath(dirname(path), { flags: 0 });
    const short = directory === undefined ? path : `/proc/self/fd/${directory.fd}/${basename(path)}`;
    const family = Buffer.from(Uint16Array.of(AF.AF_UNIX).buffer);
    const address = Buffer.concat([family, Buffer.from(`${short}\0`)]);
    syscall(purpose, 'connect', socket.fd, address, address.length);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Send a descriptor to a socket, with a name for it. */
export function sendTo(path: string, flag: string, name: string, fd: number): void {
  using socket = connectTo(path, flag);
  sendFds(socket.fd, Buffer.from(name), [fd]);
}
