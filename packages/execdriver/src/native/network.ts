import { configureInterfaces, createInterfaces, openRouteSocket } from '@ns/netfw';
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
export function networkSteps({ network }: ContainerSpec, byMonitor: boolean): NetworkSteps {
  if (network === undefined) return { before: [], after: NOTHING, inside: loopbackUp() };
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
