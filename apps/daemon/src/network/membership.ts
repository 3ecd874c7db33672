import type { EndpointSettings } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import type { ManagedContainer } from '../engine/container.js';
import type { EngineContext } from '../engine/context.js';
import { DOCKER, markedForRemoval } from '../engine/errors.js';
import type { ContainerRecord } from '../engine/record.js';
import { checkEndpoint, unsupportedOfEndpoint } from './check.js';
import type { Endpoint } from './endpoint.js';
import { renewHosts, tellNames } from './names.js';
import { type Network, notConnected, parseMode } from './network.js';
import { mainNetworkOf } from './wanted.js';

/**
 * Give a container another network: at once when it runs, and at each start from now on.
 *
 * @throws {@link NsError} `ERR_NS_CONFLICT` when it is on it already, shares a network or has none, or an address is taken;
 * `ERR_NS_INVALID_ARGUMENT` for an address that is none, `ERR_NS_UNSUPPORTED` for links. Nothing has changed then.
 */
export function join(
  context: EngineContext,
  container: ManagedContainer,
  network: Network,
  settings: EndpointSettings,
): Promise<void> {
  return container.actor.run(async () => {
    checkEndpoint(settings);
    if ((settings.Links ?? []).length > 0) throw unsupportedOfEndpoint('Links');
    assertSeveral(container);
    if (isOn(context, container.record, network)) throw alreadyThere(container.record, network);
    const record = withNetwork(context, container.record, network, settings);
    await change(context, container, record, (pid) =>
      context.networks.attach(record, pid, { network, settings }),
    );
  });
}

/** Take a network away from a container, which may run. @throws {@link NsError} `ERR_NS_NOT_FOUND` when it is not on it. */
export function leave(context: EngineContext, container: ManagedContainer, network: Network): Promise<void> {
  return container.actor.run(async () => {
    if (!isOn(context, container.record, network)) throw notConnected(container.record, network);
    const record = withoutNetwork(context, container.record, network);
    await change(context, container, record, (pid) => context.networks.detach(record, pid, network));
  });
}

/** What is on disk is changed first: a daemon that dies in between finds at least what was asked for. */
async function change(
  context: EngineContext,
  container: ManagedContainer,
  record: ContainerRecord,
  act: (pid: number) => Promise<Endpoint>,
): Promise<void> {
  const before = container.record;
  const { status } = before.state;
  if (status === 'removing' || status === 'dead') throw markedForRemoval(container.id);
  await context.records.save(record);
  container.record = record;
  const pid = container.driver?.pid;
  if (!container.isRunning || pid === undefined) return;
  try {
    const endpoint = await act(pid);
    renewHosts(context, container);
    tellNames(context, container.id, { version: 1, endpoints: [endpoint], ports: [] });
  } catch (error) {
    container.record = before;
    await context.records.save(before);
    throw error;
  }
}

function assertSeveral({ record }: ManagedContainer): void {
  const { kind } = parseMode(record.hostConfig.NetworkMode, true);
  if (kind === 'network') return;
  throw new NsError('ERR_NS_CONFLICT', {
    operation: DOCKER,
    message:
      kind === 'none'
        ? 'container cannot be connected to multiple networks with one of the networks in private (none) mode'
        : `container sharing network namespace with another container or host cannot be connected to any other network`,
  });
}

const alreadyThere = ({ name }: ContainerRecord, network: Network): NsError =>
  new NsError('ERR_NS_CONFLICT', {
    operation: DOCKER,
    message: `endpoint with name ${name} already exists in network ${network.name}`,
  });

/** By what it is to be on: a network that it names and that is gone does not matter here. */
function isOn({ networks }: EngineContext, record: ContainerRecord, { id }: Network): boolean {
  if (parseMode(record.hostConfig.NetworkMode, true).kind !== 'network') return false;
  const main = record.hasLeftMain ? [] : [mainNetworkOf(record.hostConfig)];
  return [...main, ...Object.keys(record.networks ?? {})].some(
    (name) => networks.table.find(name === 'default' ? 'bridge' : name)?.id === id,
  );
}

const isMain = ({ networks }: EngineContext, { hostConfig }: ContainerRecord, { id }: Network): boolean =>
  networks.table.find(mainNetworkOf(hostConfig))?.id === id;

function withNetwork(
  context: EngineContext,
  record: ContainerRecord,
  network: Network,
  settings: EndpointSettings,
): ContainerRecord {
  const networks = { ...record.networks, [network.name]: settings };
  if (!isMain(context, record, network)) return { ...record, networks };
  const { hasLeftMain: _, ...rest } = record;
  return { ...rest, networks };
}

function withoutNetwork(context: EngineContext, record: ContainerRecord, network: Network): ContainerRecord {
  const { [network.name]: _name, [network.id]: _id, ...others } = record.networks ?? {};
  const { default: _default, ...rest } = others;
  const isOfMode = isMain(context, record, network);
  return {
    ...record,
    networks: isOfMode && network.name === 'bridge' ? rest : others,
    ...(isOfMode ? { hasLeftMain: true } : {}),
  };
}
