import { isErrno } from '@ns/errors';
import { AF, ERRNO, failsWith, IPPROTO, IPV6, OwnedFd, SO, SOCK, SOL, syscall } from '@ns/syscall';
import { parseIp } from '@ns/netfw';

import { type Binding, hostText } from './endpoint.js';

const KINDS = {
  tcp: [SOCK.SOCK_STREAM, IPPROTO.IPPROTO_TCP],
  udp: [SOCK.SOCK_DGRAM, IPPROTO.IPPROTO_UDP],
  sctp: [SOCK.SOCK_STREAM, IPPROTO.IPPROTO_SCTP],
} as const;

const ONE = Uint8Array.of(1, 0, 0, 0);
const BACKLOG = 511;

/**
 * Bind a socket to a port of the host, so that no other program takes the port, and no other container.
 *
 * @remarks
 * When rules publish the port, no packet reaches the socket. It does not listen then: should the rules be lost, whoever
 * connects is refused and does not hang.
 *
 * @param isServed - It listens, and a proxy will serve it.
 * @returns `undefined` when the port is taken; `'no-protocol'` for SCTP on a kernel without it (or whose module is not
 * loaded): nobody can take the port then, and the rules pass packets on all the same.
 * @throws SyscallError EADDRNOTAVAIL when the address is none of the host's; EAFNOSUPPORT.
 */
export function bindPort(binding: Binding, isServed: boolean): OwnedFd | 'no-protocol' | undefined {
  const { protocol, hostIp, hostPort } = binding;
  const what = `bind ${hostText(binding)}/${protocol}`;
  const { family, bytes } = parseIp(hostIp);
  const [kind, number] = KINDS[protocol];
  const flags = kind | SOCK.SOCK_CLOEXEC | SOCK.SOCK_NONBLOCK;
  const missing = protocol === 'sctp' ? [ERRNO.EPROTONOSUPPORT, ERRNO.ESOCKTNOSUPPORT] : [];
  const fd = failsWith(missing, () => syscall(what, 'socket', family, flags, number));
  if (fd === undefined) return 'no-protocol';
  const socket = new OwnedFd(fd);
  const set = (level: number, option: number): unknown =>
    syscall(what, 'setsockopt', socket.fd, level, option, ONE, ONE.length);
  try {
    // [::] is for IPv6 alone: 0.0.0.0 has a socket of its own.
    if (family === AF.AF_INET6) set(IPPROTO.IPPROTO_IPV6, IPV6.IPV6_V6ONLY);
    // Connections of an earlier proxy that are not forgotten yet do not count; another listener does.
    if (isServed && kind === SOCK.SOCK_STREAM) set(SOL.SOL_SOCKET, SO.SO_REUSEADDR);
    const address = socketAddress(family, bytes, hostPort);
    syscall(what, 'bind', socket.fd, address, address.length);
    if (isServed && kind === SOCK.SOCK_STREAM) syscall(what, 'listen', socket.fd, BACKLOG);
    return socket;
  } catch (error) {
    socket.close();
    if (isErrno(error, 'EADDRINUSE')) return undefined;
    throw error;
  }
}

/** A `sockaddr_in` or `sockaddr_in6`. See ip(7), ipv6(7). */
function socketAddress(family: number, bytes: Uint8Array, port: number): Buffer {
  const isIpv4 = family === AF.AF_INET;
  const address = Buffer.alloc(isIpv4 ? 16 : 28);
  address.writeUInt16LE(family, 0);
  address.writeUInt16BE(port, 2);
  address.set(bytes, isIpv4 ? 4 : 8);
  return address;
}
