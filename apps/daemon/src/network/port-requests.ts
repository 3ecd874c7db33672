import { isIP } from 'node:net';

import type { ContainerConfig, HostConfig } from '@ns/engine-api';
import type { PortProtocol } from '@ns/netfw';

import { invalid } from '../engine/errors.js';

/** A port of a container. */
export interface ContainerPort {
  readonly port: number;
  readonly protocol: PortProtocol;
}

/** A port that is to be published. */
export interface PortRequest extends ContainerPort {
  /** Empty: the default. */
  readonly hostIp: string;
  /** Any of these; `undefined`: any of the ephemeral range. */
  readonly hostPorts: readonly [first: number, last: number] | undefined;
}

const MAX_PORT = 65_535;
const PROTOCOLS: readonly string[] = ['tcp', 'udp', 'sctp'];

/** `80/tcp`, `80`. @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` */
export function parseContainerPort(text: string, member: string): ContainerPort {
  const [, digits = '', protocol = 'tcp'] = /^(\d{1,5})(?:\/(\w+))?$/.exec(text) ?? [];
  const port = Number(digits);
  if (port >= 1 && port <= MAX_PORT && PROTOCOLS.includes(protocol.toLowerCase())) {
    return { port, protocol: protocol.toLowerCase() as PortProtocol };
  }
  throw invalid(
    member,
    `invalid port specification: "${text}"`,
    'A port is 1 to 65535, with /tcp, /udp or /sctp.',
  );
}

export const portText = ({ port, protocol }: ContainerPort): string => `${port}/${protocol}`;

/** `8080`, `8000-8010`, or empty. */
function parseHostPorts(text: string): PortRequest['hostPorts'] {
  if (text === '' || text === '0') return undefined;
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = [Number(first), Number(last)] as const;
  if (range[0] >= 1 && range[1] <= MAX_PORT && range[0] <= range[1]) return range;
  throw invalid(
    'HostConfig.PortBindings',
    `invalid host port: "${text}"`,
    'Give a port from 1 to 65535, a range 8000-8010, or nothing for any free one.',
  );
}

type Ports = Pick<HostConfig, 'PortBindings' | 'PublishAllPorts'>;

/**
 * The ports that a container publishes, in the order of their numbers.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the member that is wrong.
 */
export function portRequests(host: Ports, config: Pick<ContainerConfig, 'ExposedPorts'>): PortRequest[] {
  const requests: PortRequest[] = [];
  for (const [key, bindings] of Object.entries(host.PortBindings ?? {})) {
    const port = parseContainerPort(key, 'HostConfig.PortBindings');
    // Docker: named, and nothing said: any port.
    for (const { HostIp = '', HostPort = '' } of bindings?.length ? bindings : [{}]) {
      const hostIp = HostIp.replace(/^\[(.*)\]$/, '$1');
      if (hostIp !== '' && isIP(hostIp) === 0) {
        throw invalid(
          'HostConfig.PortBindings',
          `invalid IP address: ${HostIp}`,
          'It is an address of the host.',
        );
      }
      requests.push({ ...port, hostIp, hostPorts: parseHostPorts(HostPort) });
    }
  }
  const exposed = exposedPorts(config);
  if (host.PublishAllPorts) {
    for (const one of exposed) {
      if (requests.some(({ port, protocol }) => port === one.port && protocol === one.protocol)) continue;
      requests.push({ ...one, hostIp: '', hostPorts: undefined });
    }
  }
  return requests.toSorted(byPort);
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` */
export const exposedPorts = ({ ExposedPorts }: Pick<ContainerConfig, 'ExposedPorts'>): ContainerPort[] =>
  Object.keys(ExposedPorts ?? {})
    .flatMap((text) => exposedRange(text))
    .toSorted(byPort);

/** Images may expose `8000-8010/tcp`. */
function exposedRange(text: string): ContainerPort[] {
  const [, first, last, rest = ''] = /^(\d+)-(\d+)(\/\w+)?$/.exec(text) ?? [];
  if (first === undefined) return [parseContainerPort(text, 'ExposedPorts')];
  const [from, to] = [Number(first), Number(last)];
  if (from > to || to > MAX_PORT) return [parseContainerPort(text, 'ExposedPorts')];
  return Array.from({ length: to - from + 1 }, (_, index) =>
    parseContainerPort(`${from + index}${rest}`, 'ExposedPorts'),
  );
}

const byPort = (one: ContainerPort, other: ContainerPort): number =>
  one.port - other.port || one.protocol.localeCompare(other.protocol);
