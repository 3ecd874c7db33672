import type { EndpointSettings } from './network.js';
import type { Filters } from './filters.js';
import type { StringMap } from './primitives.js';

/** A subnet of a network: asked for in create, reported by inspect. */
export interface IPAMConfig {
  Subnet?: string;
  /** The part that containers get addresses of. */
  IPRange?: string;
  Gateway?: string;
  /** Addresses that nobody gets, by name. */
  AuxiliaryAddresses?: StringMap | null;
}

/** How a network gives addresses. */
export interface IPAM {
  Driver?: string;
  Options?: StringMap | null;
  Config?: IPAMConfig[] | null;
}

/** Body of `POST /networks/create`. */
export interface NetworkCreateRequest {
  Name: string;
  Driver?: string;
  Scope?: string;
  /** Nothing leaves it. */
  Internal?: boolean;
  Attachable?: boolean;
  Ingress?: boolean;
  ConfigOnly?: boolean;
  ConfigFrom?: { Network: string };
  IPAM?: IPAM;
  EnableIPv4?: boolean;
  EnableIPv6?: boolean;
  Options?: StringMap;
  Labels?: StringMap;
}

/** Answer to `POST /networks/create`. */
export interface NetworkCreateResponse {
  Id: string;
  /** What has no effect; may be empty. */
  Warning: string;
}

/** A container on a network. */
export interface NetworkMember {
  Name: string;
  EndpointID: string;
  MacAddress: string;
  /** With the prefix length; empty without. */
  IPv4Address: string;
  IPv6Address: string;
}

/** A network: the answer to `GET /networks/{id}`, and an element of that to `GET /networks`. */
export interface NetworkResource {
  Name: string;
  Id: string;
  /** RFC 3339. */
  Created: string;
  Scope: string;
  Driver: string;
  /** Engines before 1.47 do not say. */
  EnableIPv4?: boolean;
  EnableIPv6: boolean;
  IPAM: IPAM;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigFrom: { Network: string };
  ConfigOnly: boolean;
  /** By id. Docker leaves them out of the list. */
  Containers?: Record<string, NetworkMember>;
  Options: StringMap | null;
  Labels: StringMap | null;
}

/** Query of `GET /networks`. */
export interface NetworkListOptions {
  /** `dangling driver id label name scope type` */
  filters?: Filters;
}

/** Query of `GET /networks/{id}`. */
export interface NetworkInspectOptions {
  verbose?: boolean;
  scope?: string;
}

/** Body of `POST /networks/{id}/connect`. */
export interface NetworkConnectRequest {
  /** Name or id. */
  Container: string;
  EndpointConfig?: EndpointSettings;
}

/** Body of `POST /networks/{id}/disconnect`. */
export interface NetworkDisconnectRequest {
  Container: string;
  Force?: boolean;
}

/** Query of `POST /networks/prune`. */
export interface NetworkPruneOptions {
  /** `label until` */
  filters?: Filters;
}

/** Answer to `POST /networks/prune`. */
export interface NetworkPruneResponse {
  /** Their names. */
  NetworksDeleted: string[] | null;
}
