import { configureInterfaces, createInterfaces, openRouteSocket, type ContainerNetwork } from '@ns/netfw';
import { loopbackUp } from '@ns/namespaces';
import { call, slot, type Operand, type Step } from '@ns/syscall';

import type { ContainerSpec } from '../contract.js';

/** The steps that give a container its network, by where they are done. */
export interface NetworkSteps {
  /** In the monitor, before the container's first process is made. */
  readonly before: readonly Step[];
  /** In the monitor, when it is there: where that process has no rights over the host's namespace. */
  readonly after: (pid: Operand) => readonly Step[];
  /** In the container's first process. */
  readonly inside: readonly Step[];
}

const NOTHING = (): readonly Step[] => [];

/** @param byMonitor - The monitor makes the links, and the container's first process waits until it has. */
export function networkSteps(spec: ContainerSpec, byMonitor: boolean): NetworkSteps {
  if (spec.network === undefined) return { before: [], after: NOTHING, inside: loopbackUp() };
  const network = withIndices(spec.network, spec.id);
  // It acts on the namespace in which it was opened, whoever uses it.
  const host = slot('host’s rtnetlink socket');
  const before = [openRouteSocket(host)];
  const inside = configureInterfaces(network);
  if (byMonitor) return { before, after: (pid) => createInterfaces(network, { socket: host, pid }), inside };
  const self = slot('self');
  return {
    before,
    after: NOTHING,
    inside: [
      call('getpid', [], { what: 'get the own process id', into: self }),
      ...createInterfaces(network, { socket: host, pid: self }),
      ...inside,
    ],
  };
}

/** Kernels number links themselves from 1 up: none gets here. */
const FIRST_INDEX = 2 ** 30;
const PRIME = 0x0100_0193;

/**
 * Choose the indices that interfaces have in the container.
 *
 * An older kernel (6.1 does, 6.18 does not) looks on the host, too, for a link of the index that it is to make in the
 * container, and there 2 and 3 are taken. A number of the container's own keeps engines apart that run in one another.
 */
function withIndices(network: ContainerNetwork, id: string): ContainerNetwork {
  let hash = 0;
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, PRIME) >>> 0;
  // The lowest eight bits are for the interfaces.
  const first = FIRST_INDEX + (hash >>> 10) * 256;
  const interfaces = network.interfaces.map((item, position) => ({ index: first + position, ...item }));
  return { ...network, interfaces };
}
