import { AF, IFF, SIOC, SOCK, call, group, slot, struct, type Step } from '@ns/syscall';

/** `struct ifreq` of netdevice(7): a name of 16 bytes, a union of 24. */
const IFREQ = struct([
  ['ifr_name', 8, 0x6f6c, '"lo"'],
  ['', 8, 0],
  ['ifr_flags', 2, IFF.IFF_UP, 'IFF_UP'],
  ['', 2, 0],
  ['', 4, 0],
  ['', 8, 0],
  ['', 8, 0],
]);

/**
 * Bring the loopback interface of a new net namespace up: it then has 127.0.0.1 and ::1.
 *
 * Any process with CAP_NET_ADMIN in the namespace.
 */
export function loopbackUp(): readonly Step[] {
  const socket = slot('socket');
  return [
    group(
      'loopback interface',
      call('socket', [AF.AF_INET, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC, 0], {
        what: 'open a socket to configure lo',
        into: socket,
      }),
      call('ioctl', [socket, SIOC.SIOCSIFFLAGS, IFREQ], { what: 'bring lo up', object: 'lo' }),
    ),
  ];
}
