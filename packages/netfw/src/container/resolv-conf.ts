import { readFileSync } from 'node:fs';
import { isIP, isIPv6 } from 'node:net';

import { isErrno } from '@ns/errors';

import { invalid } from '../invalid.js';

/** What a resolv.conf(5) says. */
export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** What the container is to have in place of the host's: `--dns`, `--dns-search`, `--dns-option`. */
export interface ResolvConfOptions {
  readonly dns?: readonly string[] | undefined;
  /** `['.']` for none. */
  readonly dnsSearch?: readonly string[] | undefined;
  readonly dnsOptions?: readonly string[] | undefined;
  /** The container has an IPv6 address that leads anywhere. Default false. */
  readonly ipv6?: boolean | undefined;
  /** The container shares the host's network: the host's own resolver on 127.0.0.53 is there for it too. */
  readonly isHostNetwork?: boolean | undefined;
}

const SYSTEM = '/etc/resolv.conf';
/** Where systemd-resolved writes the servers that it asks itself. */
const SYSTEMD_RESOLVED = '/run/systemd/resolve/resolv.conf';
const STUB = '127.0.0.53';
const PUBLIC = ['8.8.8.8', '8.8.4.4'];
const PUBLIC_IPV6 = ['2001:4860:4860::8888', '2001:4860:4860::8844'];

/** Reads the text of a resolv.conf(5). The last `search` or `domain` counts; options add up. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  const options: string[] = [];
  let search: readonly string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    const [first] = values;
    if (first === undefined) continue;
    if (keyword === 'nameserver') nameservers.push(first);
    else if (keyword === 'search') search = values;
    else if (keyword === 'domain') search = [first];
    else if (keyword === 'options') options.push(...values);
  }
  return { nameservers, search, options };
}

/**
 * The host's resolv.conf, as a container can use it.
 *
 * @remarks
 * Where systemd-resolved is the host's resolver, `/etc/resolv.conf` names only its address on `lo`, which is another one
 * in a container: the file with the servers behind it is read then.
 *
 * @param read - Reads a file, `undefined` when it does not exist. For tests.
 */
export function hostResolvConf(read: (path: string) => string | undefined = readFile): string {
  const text = read(SYSTEM) ?? '';
  const { nameservers } = parseResolvConf(text);
  const isStub = nameservers.length > 0 && nameservers.every((server) => server === STUB);
  return (isStub ? read(SYSTEMD_RESOLVED) : undefined) ?? text;
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * The contents of a container's `/etc/resolv.conf`. Pure.
 *
 * @remarks
 * As Docker makes it: nameservers on the host's `lo` cannot be reached from a network of the container's own and are
 * left out, as those of IPv6 without `ipv6`; when none is left, Google's public ones take their place.
 *
 * @param host - The host's file: {@link hostResolvConf}.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a server that is no address, or a value that is no word.
 */
export function resolvConf(host: string, options: ResolvConfOptions = {}): string {
  const { dns = [], dnsSearch = [], dnsOptions = [], ipv6 = false, isHostNetwork = false } = options;
  for (const server of dns) {
    if (isIP(server) === 0) throw invalid('dns', `${JSON.stringify(server)} is no IP address`);
  }
  for (const word of [...dnsSearch, ...dnsOptions]) {
    if (!/^[^\s#;\0]+$/.test(word)) throw invalid('dns', `${JSON.stringify(word)} is not one word`);
  }
  const theirs = parseResolvConf(host);
  const nameservers =
    dns.length > 0 ? dns : isHostNetwork ? theirs.nameservers : reachable(theirs.nameservers, ipv6);
  const search = dnsSearch.length > 0 ? dnsSearch.filter((domain) => domain !== '.') : theirs.search;
  const words = dnsOptions.length > 0 ? dnsOptions : theirs.options;
  return [
    ...nameservers.map((server) => `nameserver ${server}\n`),
    ...(search.length > 0 ? [`search ${search.join(' ')}\n`] : []),
    ...(words.length > 0 ? [`options ${words.join(' ')}\n`] : []),
  ].join('');
}

function reachable(nameservers: readonly string[], ipv6: boolean): readonly string[] {
  const left = nameservers.filter((server) => {
    if (server.startsWith('127.') || server === '::1') return false;
    // An address with a zone names an interface of the host.
    return !server.includes('%') && (ipv6 || !isIPv6(server));
  });
  if (left.length > 0) return left;
  return ipv6 ? [...PUBLIC, ...PUBLIC_IPV6] : PUBLIC;
}
