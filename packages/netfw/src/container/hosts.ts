import { isIP } from 'node:net';

import { invalid } from '../invalid.js';

/** Another container by other names: `--link web:www`. */
export interface HostsLink {
  readonly address: string;
  /** The alias first, then whatever else it is known by. */
  readonly names: readonly string[];
}

/** What a container's `/etc/hosts` is made of. */
export interface HostsOptions {
  readonly hostname: string;
  readonly domainname?: string | undefined;
  /** The container's own addresses, without prefix lengths. */
  readonly addresses?: readonly string[] | undefined;
  /** `name:address` or `name=address` as `--add-host` has them; `host-gateway` for an address of the host. */
  readonly extraHosts?: readonly string[] | undefined;
  /** What `host-gateway` stands for: addresses of the bridge. */
  readonly hostGateway?: readonly string[] | undefined;
  readonly links?: readonly HostsLink[] | undefined;
  /** Default true. */
  readonly ipv6?: boolean | undefined;
}

const LOCALHOST = '127.0.0.1\tlocalhost\n';
const LOCALHOST_IPV6 = [
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
  '',
].join('\n');

/**
 * The contents of a container's `/etc/hosts`, see hosts(5). Pure.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a name or address that cannot be, and for `host-gateway` when there is
 * no such address.
 */
export function hosts(options: HostsOptions): string {
  const { hostname, domainname = '', addresses = [], extraHosts = [], links = [], ipv6 = true } = options;
  const own = domainname === '' ? [hostname] : [`${hostname}.${domainname}`, hostname];
  return [
    LOCALHOST,
    ...(ipv6 ? [LOCALHOST_IPV6] : []),
    ...extraHosts.flatMap((entry) => extraHost(entry, options.hostGateway ?? [])),
    ...links.map(({ address, names }) => line(address, names)),
    ...addresses.map((address) => line(address, own)),
  ].join('');
}

/**
 * An `--add-host` taken apart.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT`.
 */
export function parseExtraHost(entry: string): { readonly name: string; readonly address: string } {
  // The first separator: an IPv6 address has colons of its own, a name has none.
  const [, name = '', rest = ''] = /^([^:=]*)[:=](.*)$/s.exec(entry) ?? [];
  const address = /^\[(.*)\]$/.exec(rest)?.[1] ?? rest;
  if (name === '' || (address !== 'host-gateway' && isIP(address) === 0)) {
    throw invalid('add host', `${JSON.stringify(entry)} is not NAME:ADDRESS`, 'write it as db:10.0.0.5');
  }
  return { name, address };
}

function extraHost(entry: string, hostGateway: readonly string[]): string[] {
  const { name, address } = parseExtraHost(entry);
  if (address !== 'host-gateway') return [line(address, [name])];
  if (hostGateway.length === 0) {
    throw invalid(
      'add host',
      `host-gateway of ${name} has no address: the container is in no bridge network`,
    );
  }
  return hostGateway.map((gateway) => line(gateway, [name]));
}

function line(address: string, names: readonly string[]): string {
  if (isIP(address) === 0) throw invalid('hosts', `${JSON.stringify(address)} is no IP address`);
  for (const name of names) {
    if (!/^[^\s#\0]+$/.test(name)) throw invalid('hosts', `${JSON.stringify(name)} is no host name`);
  }
  return `${address}\t${names.join(' ')}\n`;
}

/**
 * The contents of a container's `/etc/hostname`, see hostname(5). Pure.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a name that cannot be.
 */
export function hostnameFile(hostname: string): string {
  if (!/^[^\s/\0]{1,64}$/.test(hostname))
    throw invalid('hostname', `${JSON.stringify(hostname)} is no host name`);
  return `${hostname}\n`;
}
