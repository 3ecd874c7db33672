import { isErrno, NsError } from '@ns/errors';
import { MAGIC, fstatfs, O, openat2, openPath, readAll, RESOLVE, writeAll } from '@ns/syscall';

import { assertLinkName } from './link-messages.js';
import { listLinks, openRtnetlink } from './links.js';
import { invalid } from '../invalid.js';

/** Settings of an interface that are no netlink attributes: `/proc/sys/net/ipv{4,6}/conf/NAME/`. */
export interface InterfaceSettings {
  /** No IPv6 at all on the interface. */
  readonly disableIpv6?: boolean | undefined;
  /** Whether router advertisements are followed: `'always'` also when the host forwards packets. */
  readonly acceptRouterAdvertisements?: 'never' | 'unless-forwarding' | 'always' | undefined;
  /** Packets that came in here may leave through another interface, IPv4. */
  readonly forwardIpv4?: boolean | undefined;
  /** As {@link forwardIpv4}, for IPv6; it also stops following router advertisements, see above. */
  readonly forwardIpv6?: boolean | undefined;
  /** Packets from and to 127.0.0.0/8 may use the interface: for ports published on 127.0.0.1. */
  readonly routeLocalnet?: boolean | undefined;
  /** ARP requests for addresses behind other interfaces are answered. */
  readonly proxyArp?: boolean | undefined;
  /**
   * ARP requests for addresses behind the interface itself are answered, so that hosts on one link which cannot reach each
   * other, such as isolated ports of a bridge, do so through this machine and its rules (RFC 3069).
   */
  readonly proxyArpPrivate?: boolean | undefined;
  /** Reverse path filter: whether a packet whose answer would take another way is dropped. */
  readonly reversePathFilter?: 'off' | 'strict' | 'loose' | undefined;
  /** Gratuitous ARP when an address is added. */
  readonly arpNotify?: boolean | undefined;
}

const ADVERTISEMENTS = { never: '0', 'unless-forwarding': '1', always: '2' } as const;
const REVERSE_PATH = { off: '0', strict: '1', loose: '2' } as const;

/**
 * The settings as sysctls, by path below `/proc/sys`. Pure: for steps that write them inside a container.
 *
 * @param name - An interface, or `all` or `default`.
 *
 * @example
 * ```ts
 * interfaceSysctls('eth0', { disableIpv6: true }); // { 'net/ipv6/conf/eth0/disable_ipv6': '1' }
 * ```
 */
export function interfaceSysctls(name: string, settings: InterfaceSettings): Record<string, string> {
  assertLinkName(name, 'interface settings');
  const { acceptRouterAdvertisements: advertisements, reversePathFilter: filter } = settings;
  const flag = (value: boolean | undefined): string | undefined =>
    value === undefined ? undefined : value ? '1' : '0';
  const [ipv4, ipv6] = [`net/ipv4/conf/${name}`, `net/ipv6/conf/${name}`];
  const all: Record<string, string | undefined> = {
    [`${ipv6}/disable_ipv6`]: flag(settings.disableIpv6),
    [`${ipv6}/accept_ra`]: advertisements === undefined ? undefined : ADVERTISEMENTS[advertisements],
    [`${ipv4}/forwarding`]: flag(settings.forwardIpv4),
    [`${ipv6}/forwarding`]: flag(settings.forwardIpv6),
    [`${ipv4}/route_localnet`]: flag(settings.routeLocalnet),
    [`${ipv4}/proxy_arp`]: flag(settings.proxyArp),
    [`${ipv4}/proxy_arp_pvlan`]: flag(settings.proxyArpPrivate),
    [`${ipv4}/rp_filter`]: filter === undefined ? undefined : REVERSE_PATH[filter],
    [`${ipv4}/arp_notify`]: flag(settings.arpNotify),
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/**
 * Apply settings of an interface in the network namespace of this thread.
 *
 * @throws SyscallError ENOENT when there is no such interface, or the kernel has no IPv6; EACCES, EROFS.
 */
export function setInterface(name: string, settings: InterfaceSettings): void {
  for (const [path, value] of Object.entries(interfaceSysctls(name, settings))) writeNetSysctl(path, value);
}

/** What a sysctl of the network of this thread says, without the newline; `undefined` when the kernel lacks it. */
export function readNetSysctl(path: string): string | undefined {
  try {
    using file = openSysctl(path, O.O_RDONLY);
    return readAll(file.fd, 4096).toString().trimEnd();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Set a sysctl of the network of this thread. Nothing is written when it has the value already. */
export function writeNetSysctl(path: string, value: string): void {
  if (readNetSysctl(path) === value) return;
  using file = openSysctl(path, O.O_WRONLY);
  writeAll(file.fd, Buffer.from(value));
}

function openSysctl(path: string, flags: number): ReturnType<typeof openat2> {
  if (!/^net\/[\w./:@-]+$/.test(path) || path.split('/').includes('..')) {
    throw invalid('sysctl', `${JSON.stringify(path)} is no path below /proc/sys/net`);
  }
  using root = openPath('/proc/sys', { flags: O.O_DIRECTORY });
  // Something else may be mounted there.
  if (fstatfs(root.fd).type !== MAGIC.PROC_SUPER_MAGIC) {
    throw new NsError('ERR_NS_UNSUPPORTED', { operation: 'sysctl', message: '/proc is no proc file system' });
  }
  const resolve = RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_SYMLINKS | RESOLVE.RESOLVE_NO_XDEV;
  return openat2(path, { dirFd: root.fd, flags, resolve });
}

/** Which families are forwarded between interfaces. */
export interface Forwarding {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

/** Whether this network namespace forwards packets. */
export const forwarding = (): Forwarding => ({
  ipv4: readNetSysctl('net/ipv4/ip_forward') === '1',
  ipv6: readNetSysctl('net/ipv6/conf/all/forwarding') === '1',
});

/**
 * Make this network namespace forward packets between interfaces.
 *
 * @remarks
 * A host that forwards IPv6 no longer follows router advertisements, unless its interfaces say `accept_ra` 2: those that
 * follow them now get that value first, so that the host keeps its own address and default route.
 *
 * @returns What was changed, so that the caller can say so.
 */
export function enableForwarding(families: Partial<Forwarding>): Forwarding {
  const before = forwarding();
  const ipv4 = families.ipv4 === true && !before.ipv4;
  const ipv6 = families.ipv6 === true && !before.ipv6;
  if (ipv4) writeNetSysctl('net/ipv4/ip_forward', '1');
  if (ipv6) {
    using socket = openRtnetlink();
    for (const { name } of listLinks(socket)) {
      const path = `net/ipv6/conf/${name}/accept_ra`;
      if (readNetSysctl(path) === '1') writeNetSysctl(path, ADVERTISEMENTS.always);
    }
    writeNetSysctl('net/ipv6/conf/all/forwarding', '1');
  }
  return { ipv4, ipv6 };
}
