import type { PortProtocol } from '@ns/netfw';

/** The place of a running container on one network. */
export interface Endpoint {
  readonly id: string;
  /** The network's id and name. */
  readonly networkId: string;
  readonly network: string;
  /** As the container sees it: `eth0`. */
  readonly interface: string;
  /** The end of it on the host. */
  readonly hostName: string;
  readonly mac: string;
  /** With prefix lengths: `172.17.0.2/16`, then IPv6. */
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
  /** By which others on a network of the user's find it. */
  readonly names: readonly string[];
}

/** A port of a container at a port of the host. */
export interface Binding {
  readonly protocol: PortProtocol;
  readonly containerPort: number;
  readonly hostIp: string;
  readonly hostPort: number;
}

/** All of a running container's networks. The content of `network.json`, which lives as long as the run does. */
export interface Attachment {
  readonly version: 1;
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly Binding[];
}

/** An address without its prefix length. */
export const bare = (address: string): string => address.split('/', 1)[0] as string;

/** The first address of a family, without its prefix length. */
export const addressOf = (addresses: readonly string[], family: 4 | 6): string | undefined => {
  const found = addresses.find((address) => address.includes(':') === (family === 6));
  return found === undefined ? undefined : bare(found);
};

/** A binding as people write it: `0.0.0.0:8080`, `[::]:8080`. */
export const hostText = ({ hostIp, hostPort }: Pick<Binding, 'hostIp' | 'hostPort'>): string =>
  `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:${hostPort}`;
