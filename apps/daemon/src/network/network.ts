import { createHash } from 'node:crypto';

import { NsError } from '@ns/errors';

import { DOCKER } from '../engine/errors.js';

/** A range of addresses of a network. */
export interface Subnet {
  /** `172.17.0.0/16` */
  readonly subnet: string;
  /** The bridge's own address in it, without the prefix length. */
  readonly gateway: string;
  /** The part that containers get addresses of, when it is not all of it. */
  readonly range?: string | undefined;
}

/** A network of containers: a bridge of its own. What is in the file of networks. */
export interface Network {
  readonly id: string;
  readonly name: string;
  /** The bridge's device. */
  readonly bridge: string;
  readonly subnets: readonly Subnet[];
  /** RFC 3339. */
  readonly created: string;
  /** Nothing leaves it. */
  readonly internal: boolean;
  /** Containers reach each other. */
  readonly icc: boolean;
  /** What leaves it has the host's address. */
  readonly masquerade: boolean;
  /** Bytes; 0 is the kernel's default. */
  readonly mtu: number;
  /** Where ports are published that name no address; empty: as the daemon says. */
  readonly hostIp: string;
  readonly attachable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

/** The networks that are always there; their names are Docker's. */
export const BUILT_IN = ['bridge', 'host', 'none'] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

export const isBuiltIn = (name: string): name is BuiltIn => (BUILT_IN as readonly string[]).includes(name);

/** The id of a built-in network: the same after every start of the daemon. */
export const builtInId = (name: BuiltIn, dataRoot: string): string =>
  createHash('sha256').update(`${dataRoot}\0${name}`).digest('hex');

/** What a `NetworkMode` says. */
export type Mode =
  | { readonly kind: 'network'; readonly name: string }
  | { readonly kind: 'none' | 'host' }
  | { readonly kind: 'container'; readonly reference: string };

/** Reads a `NetworkMode`. @param hasBridge - Without one the default is a network of nothing. */
export function parseMode(mode: string | undefined, hasBridge: boolean): Mode {
  const text = mode === undefined || mode === '' || mode === 'default' ? 'bridge' : mode;
  if (text === 'none' || text === 'host') return { kind: text };
  if (text === 'bridge' && !hasBridge) return { kind: 'none' };
  const reference = /^container:(.+)$/s.exec(text)?.[1];
  return reference === undefined ? { kind: 'network', name: text } : { kind: 'container', reference };
}

/** A container that is to be taken off a network, and is not on it. */
export const notConnected = ({ id }: { readonly id: string }, { name }: Network): NsError =>
  new NsError('ERR_NS_NOT_FOUND', {
    operation: DOCKER,
    message: `container ${id} is not connected to network ${name}`,
  });
