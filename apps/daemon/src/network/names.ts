import type { HostsLink } from '@ns/netfw';

import type { ManagedContainer } from '../engine/container.js';
import type { EngineContext } from '../engine/context.js';
import { etcFiles, type EtcNetwork, readHostEtc, rewriteHosts } from '../engine/etc-files.js';
import type { ContainerRecord } from '../engine/record.js';
import { hostnameOf } from '../engine/spec.js';
import { type Attachment, bare } from './endpoint.js';
import { resolveLinks } from './links.js';
import { isBuiltIn } from './network.js';

/** What the files of a container in /etc say of its network. */
export function etcNetwork(
  context: EngineContext,
  record: ContainerRecord,
  attachment: Attachment | undefined,
): EtcNetwork {
  const { dns, dnsSearch, dnsOptions } = context.networks.config;
  const endpoints = attachment?.endpoints ?? [];
  return {
    domainname: record.config.Domainname,
    addresses: endpoints.flatMap(({ addresses }) => addresses.map(bare)),
    hostGateway: endpoints.flatMap(({ gateways }) => gateways).slice(0, 2),
    links: [...resolveLinks(context, record).hosts, ...others(context, record, attachment)],
    isIpv6: endpoints.some(({ addresses }) => addresses.some((address) => address.includes(':'))),
    dns,
    dnsSearch,
    dnsOptions,
  };
}

/** The other containers of the networks of users, which find each other by name. */
function others(
  { networks }: EngineContext,
  record: ContainerRecord,
  attachment: Attachment | undefined,
): HostsLink[] {
  return (attachment?.endpoints ?? [])
    .filter(({ network }) => !isBuiltIn(network))
    .flatMap(({ networkId }) => networks.membersOf(networks.table.get(networkId)))
    .filter(([id]) => id !== record.id)
    .flatMap(([, { addresses, names }]) => addresses.map((address) => ({ address: bare(address), names })));
}

/** A container has come to the networks of users that it is on, or goes: the others get to know. */
export function tellNames(context: EngineContext, id: string, attachment: Attachment | undefined): void {
  const networks = new Set(
    attachment?.endpoints.filter(({ network }) => !isBuiltIn(network)).map(({ networkId }) => networkId),
  );
  if (networks.size === 0) return;
  for (const container of context.containers.all()) {
    const other = context.networks.of(container.id);
    if (container.id === id || !other?.endpoints.some(({ networkId }) => networks.has(networkId))) continue;
    renewHosts(context, container);
  }
}

/** Bring `/etc/hosts` of a container that runs in line with its networks. */
export function renewHosts(context: EngineContext, { id, record, paths }: ManagedContainer): void {
  try {
    const hostname = hostnameOf(record, context.hostname());
    const network = etcNetwork(context, record, context.networks.of(id));
    rewriteHosts(paths, etcFiles(hostname, record.hostConfig, readHostEtc(), network).hosts);
  } catch (error) {
    context.logger.error(`container ${id}: its /etc/hosts cannot be renewed`, error);
  }
}
