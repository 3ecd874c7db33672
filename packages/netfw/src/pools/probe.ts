import { AF, ERRNO, IPPROTO, OwnedFd, SO, SOCK, SOL, syscall } from '@ns/syscall';

import { parseIp } from '../link/ip.js';
import type { HostPort } from './ports.js';

const KINDS = {
  tcp: { type: SOCK.SOCK_STREAM, protocol: IPPROTO.IPPROTO_TCP },
  udp: { type: SOCK.SOCK_DGRAM, protocol: IPPROTO.IPPROTO_UDP },
  sctp: { type: SOCK.SOCK_STREAM, protocol: IPPROTO.IPPROTO_SCTP },
} as const;

/** `IPV6_V6ONLY` of `<linux/in6.h>`: `::` is then IPv6 alone, as a rule for it is. */
const IPV6_V6ONLY = 26;

/**
 * Whether a process of this network namespace has a port, found out by binding to it for a moment. See bind(2).
 *
 * @remarks
 * What is published by rules is not seen here: no process listens. `::` is tried without IPv4.
 *
 * @throws SyscallError EADDRNOTAVAIL when the address is not one of this machine; EACCES for a port below
 * `net.ipv4.ip_unprivileged_port_start` without CAP_NET_BIND_SERVICE.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for an address that cannot be read.
 */
export function isPortTaken({ protocol, address, port }: HostPort): boolean {
  const what = `find out whether port ${port}/${protocol} on ${address} is free`;
  const { family, bytes } = parseIp(address, what);
  const kind = KINDS[protocol];
  const unsupported = [ERRNO.EPROTONOSUPPORT, ERRNO.EAFNOSUPPORT];
  const socket = syscall(
    { what, expected: unsupported },
    'socket',
    family,
    kind.type | SOCK.SOCK_CLOEXEC,
    kind.protocol,
  );
  // What the kernel cannot speak, nobody listens for.
  if (socket < 0) return false;
  using fd = new OwnedFd(socket);
  const one = Buffer.from([1, 0, 0, 0]);
  // Connections that have ended and linger do not take the port; a process that listens still does.
  if (protocol === 'tcp') syscall(what, 'setsockopt', fd.fd, SOL.SOL_SOCKET, SO.SO_REUSEADDR, one, 4);
  if (family === AF.AF_INET6) {
    syscall(what, 'setsockopt', fd.fd, IPPROTO.IPPROTO_IPV6, IPV6_V6ONLY, one, 4);
  }
  // `struct sockaddr_in`, `struct sockaddr_in6`
  const name = Buffer.alloc(family === AF.AF_INET ? 16 : 28);
  name.writeUInt16LE(family, 0);
  name.writeUInt16BE(port, 2);
  name.set(bytes, family === AF.AF_INET ? 4 : 8);
  return syscall({ what, expected: [ERRNO.EADDRINUSE] }, 'bind', fd.fd, name, name.length) < 0;
}
