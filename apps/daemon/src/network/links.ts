import type { HostsLink } from '@ns/netfw';

import type { ManagedContainer } from '../engine/container.js';
import type { EngineContext } from '../engine/context.js';
import { invalid } from '../engine/errors.js';
import { shortId } from '../engine/ids.js';
import type { ContainerRecord } from '../engine/record.js';
import { addressOf } from './endpoint.js';
import type { LinkedPort } from './link-rules.js';
import { exposedPorts } from './port-requests.js';

/** A `--link`: another container, by a name of this one's. */
export interface Link {
  readonly reference: string;
  readonly alias: string;
}

/** `db:postgres`, `db`. @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` */
export function parseLink(text: string): Link {
  const [, reference = '', alias = reference] = /^\/?([^:/]+)(?::(?:\/[^/]+\/)?([^:/]+))?$/.exec(text) ?? [];
  if (/^[\w.-]+$/.test(reference) && /^[\w.-]+$/.test(alias)) return { reference, alias };
  throw invalid('HostConfig.Links', `bad format for links: ${text}`, 'The form is NAME or NAME:ALIAS.');
}

/** What a container's links come to when it starts. */
export interface ResolvedLinks {
  readonly hosts: readonly HostsLink[];
  readonly env: readonly string[];
}

/**
 * Find the containers that one is linked to.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` for one there is not; `ERR_NS_CONFLICT` for one that does not run, in
 * Docker's words.
 */
export function resolveLinks(context: EngineContext, record: ContainerRecord): ResolvedLinks {
  const links = (record.hostConfig.Links ?? []).map(parseLink).map((link) => {
    const other = context.containers.get(link.reference);
    const endpoints = context.networks.of(other.id)?.endpoints ?? [];
    const shared = context.networks.of(record.id)?.endpoints.map(({ networkId }) => networkId);
    const endpoint = endpoints.find(({ networkId }) => shared?.includes(networkId) ?? true);
    const address = addressOf(endpoint?.addresses ?? [], 4) ?? addressOf(endpoint?.addresses ?? [], 6);
    if (!other.isRunning || address === undefined) {
      throw invalid(
        'HostConfig.Links',
        `cannot link to ${other.isRunning ? 'a container of another network' : 'a non running container'}: /${other.record.name} AS /${record.name}/${link.alias}`,
        'Start the other container first, on the same network.',
      );
    }
    return { ...link, other, address };
  });
  return {
    hosts: links.map(({ alias, other, address }) => ({
      address,
      names: [...new Set([alias, shortId(other.id), other.record.name])],
    })),
    env: links.flatMap(({ alias, other, address }) => linkEnvironment(record, alias, other, address)),
  };
}

/** The ports that a container reaches by its links: those that the others expose. One that is gone has none. */
export const linkedPorts = ({ containers }: EngineContext, { hostConfig }: ContainerRecord): LinkedPort[] =>
  (hostConfig.Links ?? []).map(parseLink).flatMap(({ reference }) => {
    const other = containers.find(reference);
    return other === undefined
      ? []
      : exposedPorts(other.record.config).map((port) => ({ ...port, to: other.id }));
  });

const NOT_PASSED_ON: readonly string[] = ['HOME', 'PATH'];

/** Docker's variables: `DB_PORT_5432_TCP_ADDR`… */
function linkEnvironment(
  record: ContainerRecord,
  alias: string,
  { record: other }: ManagedContainer,
  address: string,
): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_');
  const ports = exposedPorts(other.config);
  const url = (port: number, protocol: string): string => `${protocol}://${address}:${port}`;
  const [first] = ports;
  return [
    ...(first === undefined ? [] : [`${prefix}_PORT=${url(first.port, first.protocol)}`]),
    ...ports.flatMap(({ port, protocol }) => {
      const name = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
      return [
        `${name}=${url(port, protocol)}`,
        `${name}_ADDR=${address}`,
        `${name}_PORT=${port}`,
        `${name}_PROTO=${protocol}`,
      ];
    }),
    `${prefix}_NAME=/${record.name}/${alias}`,
    ...(other.config.Env ?? []).flatMap((entry) => {
      const [name = '', value] = entry.split(/=(.*)/s, 2);
      return value === undefined || NOT_PASSED_ON.includes(name) ? [] : [`${prefix}_ENV_${name}=${value}`];
    }),
  ];
}
