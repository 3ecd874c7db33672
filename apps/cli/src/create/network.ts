import { isIPv4, isIPv6 } from 'node:net';

import type {
  ContainerConfig,
  EndpointSettings,
  HostConfig,
  NetworkingConfig,
  PortBinding,
  PortMap,
} from '@ns/engine-api';

import { bool, list, value, type Flag, type Values } from '../flags/flag.js';

/** A port that is published: `-p`. Ranges are taken apart. */
export interface Publication {
  /** `80/tcp` */
  readonly port: string;
  readonly binding: PortBinding;
}

/** The flags of networks, and of what a container publishes. */
export type NetworkFlags = {
  readonly addHost: Flag<readonly string[]>;
  readonly dns: Flag<readonly string[]>;
  readonly dnsOption: Flag<readonly string[]>;
  readonly dnsSearch: Flag<readonly string[]>;
  readonly expose: Flag<readonly (readonly string[])[]>;
  readonly ip: Flag<string | undefined>;
  readonly ip6: Flag<string | undefined>;
  readonly link: Flag<readonly string[]>;
  readonly macAddress: Flag<string | undefined>;
  readonly network: Flag<readonly string[]>;
  readonly networkAlias: Flag<readonly string[]>;
  readonly publish: Flag<readonly (readonly Publication[])[]>;
  readonly publishAll: Flag<boolean>;
};

/** See {@link NetworkFlags}. */
export const networkFlags: NetworkFlags = {
  addHost: list('Add a custom host-to-IP mapping: name:address, or name:host-gateway', { parse: parseHost }),
  dns: list('Set custom DNS servers', { parse: parseDns }),
  dnsOption: list('Set DNS options', { aliases: ['dns-opt'] }),
  dnsSearch: list('Set custom DNS search domains'),
  expose: list('Expose a port or a range of ports: 80, 8000-8010/udp', { parse: parseExpose }),
  ip: value('IPv4 address: 172.17.0.100', { value: 'ip', parse: addressParser(4) }),
  ip6: value('IPv6 address: fd00::100', { value: 'ip', parse: addressParser(6) }),
  link: list('Add link to another container: NAME or NAME:ALIAS', { parse: parseLink }),
  macAddress: value('Container MAC address: 02:42:ac:11:00:64', { parse: parseMac }),
  network: list('Connect a container to a network: bridge, host, none, container:NAME, or its name', {
    aliases: ['net'],
    value: 'network',
  }),
  networkAlias: list('Add a name by which others on the network find the container', {
    aliases: ['net-alias'],
  }),
  publish: list("Publish a container's port(s) to the host: [[ip:]hostPort:]containerPort[/protocol]", {
    short: 'p',
    parse: parsePublish,
  }),
  publishAll: bool('Publish all exposed ports to random ports', { short: 'P' }),
};

const MAX_PORT = 65_535;
const PROTOCOLS = ['tcp', 'udp', 'sctp'];

/** `80`, `8000-8010`. @throws `Error` */
function parseRange(text: string, whole: string): readonly [first: number, last: number] {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = [Number(first), Number(last)] as const;
  if (range[0] >= 1 && range[0] <= range[1] && range[1] <= MAX_PORT) return range;
  throw new Error(`invalid port specification: '${whole}': ports are 1 to ${MAX_PORT}`);
}

function takeProtocol(text: string): { readonly rest: string; readonly protocol: string } {
  const [rest = '', given = 'tcp', ...more] = text.split('/');
  const protocol = given.toLowerCase();
  if (more.length === 0 && PROTOCOLS.includes(protocol)) return { rest, protocol };
  throw new Error(`invalid protocol in '${text}': it is one of ${PROTOCOLS.join(', ')}`);
}

const count = ([first, last]: readonly [number, number]): number => last - first + 1;

/**
 * `8080:80`, `127.0.0.1:8080:80/udp`, `[::1]:8080:80`, `127.0.0.1::80`, `8000-8010:80`, `8000-8010:8000-8010`; or Docker's
 * long form, `published=8080,target=80,protocol=udp`.
 *
 * @throws `Error`
 */
export function parsePublish(text: string): Publication[] {
  if (text.includes('=')) return parsePublish(longForm(text));
  const { rest, protocol } = takeProtocol(text);
  const match = /^(?:(?:\[([^\]]*)\]|([^:]*)):)?(?:([^:]*):)?([^:]+)$/.exec(rest);
  if (match === null) throw new Error(`invalid port specification: '${text}'`);
  const [, ipv6, one, two, containerText = ''] = match;
  // One colon: what is before it is the port, unless it has brackets.
  const [address, hostText] =
    ipv6 !== undefined ? [ipv6, two ?? ''] : two === undefined ? ['', one ?? ''] : [one ?? '', two];
  if (address !== '' && !isIPv4(address) && !isIPv6(address)) {
    throw new Error(`invalid IP address in '${text}': ${address}`);
  }
  const container = parseRange(containerText, text);
  const host = hostText === '' ? undefined : parseRange(hostText, text);
  if (host !== undefined && count(host) !== count(container) && count(container) !== 1) {
    throw new Error(
      `invalid ranges specified for container and host Ports: ${containerText} and ${hostText}`,
    );
  }
  return Array.from({ length: count(container) }, (_, index) => ({
    port: `${container[0] + index}/${protocol}`,
    binding: { HostIp: address, HostPort: hostPort(host, hostText, count(container), index) },
  }));
}

function hostPort(
  host: readonly [number, number] | undefined,
  text: string,
  containerPorts: number,
  index: number,
): string {
  if (host === undefined) return '';
  // One port of the container at any of several of the host's: the engine chooses.
  return containerPorts === 1 && count(host) > 1 ? text : String(host[0] + index);
}

function longForm(text: string): string {
  const known = ['published', 'target', 'protocol', 'mode'];
  const values = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name = '', ...given] = part.split('=');
    if (!known.includes(name) || given.length !== 1) throw new Error(`invalid field in '${text}': ${part}`);
    values.set(name, given[0] as string);
  }
  const target = values.get('target');
  if (target === undefined) throw new Error(`invalid port specification: '${text}': target is missing`);
  const published = values.get('published');
  return `${published === undefined ? '' : `${published}:`}${target}/${values.get('protocol') ?? 'tcp'}`;
}

/** `80`, `53/udp`, `8000-8010`. @throws `Error` */
export function parseExpose(text: string): string[] {
  if (text.includes(':')) throw new Error(`invalid port format for --expose: ${text}`);
  const { rest, protocol } = takeProtocol(text);
  const [first, last] = parseRange(rest, text);
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

/** @throws `Error` */
function parseHost(text: string): string {
  const [, name = '', given = ''] = /^([^:=]+)[:=](.+)$/s.exec(text) ?? [];
  const address = given.replace(/^\[(.*)\]$/, '$1');
  const isAddress = isIPv4(address) || isIPv6(address) || address === 'host-gateway';
  if (name !== '' && isAddress) return `${name}:${address}`;
  throw new Error(`bad format for add-host: '${text}': the form is name:address`);
}

function parseDns(text: string): string {
  if (isIPv4(text) || isIPv6(text)) return text;
  throw new Error(`invalid IP address: ${text}`);
}

/** Reads an address of a family. */
export function addressParser(family: 4 | 6): (text: string) => string {
  return (text) => {
    if (family === 4 ? isIPv4(text) : isIPv6(text)) return text;
    throw new Error(`invalid IPv${family} address: ${text}`);
  };
}

/** `NAME`, `NAME:ALIAS`. @throws `Error` */
export function parseLink(text: string): string {
  if (/^[\w.-]+(:[\w.-]+)?$/.test(text)) return text;
  throw new Error(`bad format for links: ${text}`);
}

function parseMac(text: string): string {
  if (/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) return text.replaceAll('-', ':');
  throw new Error(`${text} is not a valid mac address`);
}

type Draft<T> = { [K in keyof T]?: T[K] | undefined };

/** What the flags come to in a create request. */
export interface NetworkRequest {
  readonly config: Draft<Pick<ContainerConfig, 'ExposedPorts' | 'MacAddress'>>;
  readonly host: Draft<HostConfig>;
  readonly networking: NetworkingConfig | undefined;
}

/** See {@link NetworkRequest}. */
export function networkRequest(flags: Values<NetworkFlags>): NetworkRequest {
  checkNetworks(flags.network);
  const published = flags.publish.flat();
  const bindings: PortMap = {};
  for (const { port, binding } of published) (bindings[port] ??= []).push(binding);
  const exposed = [...flags.expose.flat(), ...published.map(({ port }) => port)];
  return {
    config: {
      ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])),
      MacAddress: flags.macAddress,
    },
    host: {
      NetworkMode: flags.network[0],
      PortBindings: bindings,
      PublishAllPorts: flags.publishAll ? true : undefined,
      Dns: [...flags.dns],
      DnsOptions: [...flags.dnsOption],
      DnsSearch: [...flags.dnsSearch],
      ExtraHosts: [...flags.addHost],
      Links: [...flags.link],
    },
    networking: networkingOf(flags),
  };
}

/** @throws `Error` when a container would be on a network and share one, or have none, as well. */
function checkNetworks(networks: readonly string[]): void {
  const alone = networks.find((name) => /^(none|host|container:.*)$/.test(name));
  if (alone === undefined || networks.length === 1) return;
  throw new Error(
    `conflicting options: --network=${alone} goes with no other network: ${networks.join(', ')}`,
  );
}

/** The first network has the addresses and names; the others are only named. */
function networkingOf(flags: Values<NetworkFlags>): NetworkingConfig | undefined {
  const { ip, ip6, networkAlias } = flags;
  const [first = 'default', ...others] = flags.network;
  const settings: EndpointSettings = {
    ...(ip === undefined && ip6 === undefined
      ? {}
      : {
          IPAMConfig: {
            ...(ip === undefined ? {} : { IPv4Address: ip }),
            ...(ip6 === undefined ? {} : { IPv6Address: ip6 }),
          },
        }),
    ...(networkAlias.length > 0 ? { Aliases: [...networkAlias] } : {}),
  };
  if (others.length === 0 && Object.keys(settings).length === 0) return undefined;
  const all = [[first, settings] as const, ...others.map((name) => [name, {}] as const)];
  return { EndpointsConfig: Object.fromEntries(all) };
}
