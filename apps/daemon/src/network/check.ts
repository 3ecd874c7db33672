import { isIPv4, isIPv6 } from 'node:net';

import type { EndpointSettings } from '@ns/engine-api';
import { NsError } from '@ns/errors';
import { parseMac } from '@ns/netfw';

import type { CheckedCreate } from '../engine/create-schema.js';
import { invalid } from '../engine/errors.js';
import { parseLink } from './links.js';
import { type Mode, parseMode } from './network.js';
import { exposedPorts, portRequests } from './port-requests.js';

type Host = NonNullable<CheckedCreate['HostConfig']>;

const isFilled = (value: readonly unknown[] | object | undefined): boolean =>
  value !== undefined && Object.keys(value).length > 0;

/** Docker's words: what a container that shares another's network, or the host's, cannot have of its own. */
function conflict(mode: Mode, request: CheckedCreate): string | undefined {
  const host = request.HostConfig ?? {};
  if (mode.kind === 'host' && isFilled(host.Links)) {
    return "host type networking can't be used with links. This would result in undefined behavior";
  }
  if (mode.kind !== 'container') return undefined;
  const found = (
    [
      [request.Hostname, 'hostname and the network mode'],
      [
        isFilled(host.Links),
        "container type network can't be used with links. This would result in undefined behavior",
      ],
      [isFilled(host.Dns), 'dns and the network mode'],
      [isFilled(host.ExtraHosts), 'custom host-to-IP mapping and the network mode'],
      [request.MacAddress, 'mac-address and the network mode'],
      [
        isFilled(host.PortBindings) || host.PublishAllPorts,
        'port publishing and the container type network mode',
      ],
      [isFilled(request.ExposedPorts), 'port exposing and the container type network mode'],
    ] as const
  ).find(([isGiven]) => isGiven);
  return found?.[1];
}

/**
 * Check what a create request says of networks. Nothing is taken.
 *
 * @returns The networks that it names, by name or id, with the MAC address of the request's older form in its place.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the member that cannot be.
 */
export function checkNetworking(
  request: CheckedCreate,
  hasBridge: boolean,
): Readonly<Record<string, EndpointSettings>> {
  const host = request.HostConfig ?? {};
  const mode = parseMode(host.NetworkMode, hasBridge);
  const fact = conflict(mode, request);
  if (fact !== undefined) throw invalid('HostConfig.NetworkMode', `conflicting options: ${fact}`);
  for (const link of host.Links ?? []) parseLink(link);
  portRequests(host as Parameters<typeof portRequests>[0], {});
  exposedPorts({ ExposedPorts: request.ExposedPorts ?? {} });
  if (mode.kind !== 'network') return {};
  const networks: Record<string, EndpointSettings> = {};
  for (const [name, settings] of Object.entries(request.NetworkingConfig?.EndpointsConfig ?? {})) {
    networks[name] = checkEndpoint(settings ?? {});
  }
  if (!request.MacAddress) return networks;
  const main = [host.NetworkMode || 'default', mode.name].find((name) => name in networks) ?? mode.name;
  return { ...networks, [main]: checkEndpoint({ MacAddress: request.MacAddress, ...networks[main] }) };
}

/**
 * Check what is asked of a place on a network.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for an address that is none, `ERR_NS_UNSUPPORTED` for what places have
 * not.
 */
export function checkEndpoint(settings: EndpointSettings): EndpointSettings {
  const { IPv4Address = '', IPv6Address = '', LinkLocalIPs } = settings.IPAMConfig ?? {};
  if (isFilled(LinkLocalIPs)) throw unsupportedOfEndpoint('LinkLocalIPs');
  if (isFilled(settings.DriverOpts ?? undefined)) throw unsupportedOfEndpoint('DriverOpts');
  if (settings.GwPriority) throw unsupportedOfEndpoint('GwPriority');
  if (IPv4Address !== '' && !isIPv4(IPv4Address)) throw badAddress('IPv4Address', IPv4Address);
  if (IPv6Address !== '' && !isIPv6(IPv6Address)) throw badAddress('IPv6Address', IPv6Address);
  if (settings.MacAddress) parseMac(settings.MacAddress, 'MacAddress');
  return settings;
}

/** What Docker has, and is refused here rather than left out. */
export const unsupportedOfEndpoint = (member: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', {
    operation: `NetworkingConfig.${member}`,
    message: `a container's place on a network has no ${member} here`,
    hint: 'Leave it out.',
  });

const badAddress = (member: string, address: string): Error =>
  invalid(`NetworkingConfig.${member}`, `invalid ${member.slice(0, 4)} address: ${address}`);

/** What of a request has no effect. */
export function networkWarnings(host: Host, hasBridge: boolean): string[] {
  const { kind } = parseMode(host.NetworkMode, hasBridge);
  const isPublishing = isFilled(host.PortBindings) || host.PublishAllPorts;
  if (kind === 'host' && isPublishing) return ['Published ports are discarded when using host network mode'];
  if (kind === 'none' && isPublishing) return ['Published ports are discarded: the container has no network'];
  return [];
}
