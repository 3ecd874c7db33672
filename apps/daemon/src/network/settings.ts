import type { EndpointSettings, NetworkSettings, Port, PortMap } from '@ns/engine-api';

import type { ContainerRecord } from '../engine/record.js';
import { addressOf, type Attachment, type Endpoint } from './endpoint.js';
import { builtInId, parseMode } from './network.js';
import type { Networks } from './networks.js';
import { exposedPorts, portText } from './port-requests.js';

const prefixOf = (addresses: readonly string[], isIpv6: boolean): number =>
  Number(addresses.find((address) => address.includes(':') === isIpv6)?.split('/')[1] ?? 0);

/** `NetworkSettings` of inspect. */
export function networkSettings(
  networks: Networks,
  record: ContainerRecord,
  dataRoot: string,
): NetworkSettings {
  const attachment = networks.of(record.id);
  const isBridged = attachment?.endpoints[0]?.network === 'bridge';
  const first = isBridged ? attachment?.endpoints[0] : undefined;
  const pid = record.state.pid;
  return {
    Bridge: '',
    SandboxID: pid > 0 ? record.id : '',
    SandboxKey: pid > 0 ? `/proc/${pid}/ns/net` : '',
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...addressesOf(first),
    Ports: portMap(record, attachment),
    Networks: endpointSettings(networks, record, dataRoot),
  };
}

const addressesOf = (endpoint: Endpoint | undefined) => {
  const { addresses = [], gateways = [] } = endpoint ?? {};
  return {
    EndpointID: endpoint?.id ?? '',
    Gateway: addressOf(gateways, 4) ?? '',
    GlobalIPv6Address: addressOf(addresses, 6) ?? '',
    GlobalIPv6PrefixLen: prefixOf(addresses, true),
    IPAddress: addressOf(addresses, 4) ?? '',
    IPPrefixLen: prefixOf(addresses, false),
    IPv6Gateway: addressOf(gateways, 6) ?? '',
    MacAddress: endpoint?.mac ?? '',
  };
};

/** By network: what a container has on it, or would have. */
export function endpointSettings(
  networks: Networks,
  record: ContainerRecord,
  dataRoot: string,
): Record<string, EndpointSettings> {
  const mode = parseMode(record.hostConfig.NetworkMode, networks.config.bridge !== 'none');
  if (mode.kind === 'container') return {};
  if (mode.kind !== 'network') {
    return { [mode.kind]: settingsOf(record, mode.kind, builtInId(mode.kind, dataRoot), undefined) };
  }
  const endpoints = networks.of(record.id)?.endpoints ?? [];
  const asked = Object.keys(record.networks ?? {}).map((name) => (name === 'default' ? 'bridge' : name));
  const main = record.hasLeftMain ? [] : [mode.name];
  const found = [...main, ...asked].flatMap((name) => networks.table.find(name) ?? []);
  return Object.fromEntries(
    found.map(({ id, name }) => {
      const endpoint = endpoints.find(({ networkId }) => networkId === id);
      return [name, settingsOf(record, name, id, endpoint)];
    }),
  );
}

function settingsOf(
  { networks = {} }: ContainerRecord,
  name: string,
  id: string,
  endpoint: Endpoint | undefined,
): EndpointSettings {
  const asked = networks[name] ?? networks[id] ?? (name === 'bridge' ? networks['default'] : undefined) ?? {};
  return {
    IPAMConfig: asked.IPAMConfig ?? null,
    Links: asked.Links ?? null,
    Aliases: asked.Aliases ?? null,
    DriverOpts: asked.DriverOpts ?? null,
    NetworkID: id,
    ...addressesOf(endpoint),
    DNSNames: endpoint !== undefined && name !== 'bridge' ? [...endpoint.names] : null,
  };
}

/** `NetworkSettings.Ports`: published ports, and exposed ones with nothing. */
function portMap(record: ContainerRecord, attachment: Attachment | undefined): PortMap {
  if (attachment === undefined) return {};
  const map: PortMap = {};
  for (const port of exposedPorts(record.config)) map[portText(port)] = null;
  for (const { protocol, containerPort, hostIp, hostPort } of attachment.ports) {
    const key = portText({ port: containerPort, protocol });
    map[key] = [...(map[key] ?? []), { HostIp: hostIp, HostPort: String(hostPort) }];
  }
  return map;
}

/** `Ports` in the list of containers. */
export function portList(networks: Networks, record: ContainerRecord): Port[] {
  const attachment = networks.of(record.id);
  if (attachment === undefined) return [];
  const published = attachment.ports.map(({ protocol, containerPort, hostIp, hostPort }): Port => ({
    IP: hostIp,
    PrivatePort: containerPort,
    PublicPort: hostPort,
    Type: protocol,
  }));
  const exposed = exposedPorts(record.config)
    .filter(
      ({ port, protocol }) => !published.some((one) => one.PrivatePort === port && one.Type === protocol),
    )
    .map(({ port, protocol }): Port => ({ PrivatePort: port, Type: protocol }));
  return [...exposed, ...published];
}
