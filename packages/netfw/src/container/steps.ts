import { group, slot, type Operand, type Step } from '@ns/syscall';

import { encodeMessages } from '../netlink/message.js';
import { differingWords, exchangeSteps, openRouteSocket } from './exchange.js';
import { planNetwork, type ContainerNetwork } from './network.js';

/** Two pids that differ in every byte, to find where the messages have theirs. */
const [SOME_PID, OTHER_PID] = [0, 0xffff_ffff];

/** Who makes the links. */
export interface CreateInterfacesOptions {
  /** A rtnetlink socket of the host's namespace: a descriptor, or the variable of `openRouteSocket`. */
  readonly socket: Operand;
  /**
   * A process in the container's network namespace, by the number that the process which runs these steps knows it by:
   * of a child that it made, or its own when it is in the namespace itself.
   */
  readonly pid: Operand;
}

/**
 * Steps that make a container's links on the host, with one end in the container's network namespace.
 *
 * @remarks
 * They are run by a process that has CAP_NET_ADMIN over the host's namespace, through a socket opened there: a parent
 * of the container's first process; or, without a user namespace, that process itself, through a socket that its parent
 * opened. Links vanish with the namespace, so a start that fails later leaves none.
 */
export function createInterfaces(
  network: ContainerNetwork,
  options: CreateInterfacesOptions,
): readonly Step[] {
  const { host } = planNetwork(network, { pid: SOME_PID });
  if (host.length === 0) return [];
  const other = planNetwork(network, { pid: OTHER_PID }).host;
  const offsets = differingWords(encodeMessages(host), encodeMessages(other));
  const patches = offsets.map((offset) => ({ offset, value: options.pid }));
  return [group('network links', ...exchangeSteps(options.socket, host, patches))];
}

/**
 * Steps that configure a container's network from inside: `lo` and every interface up, addresses, routes.
 *
 * @remarks
 * After {@link createInterfaces}, by a process with CAP_NET_ADMIN in the container's network namespace. Three system
 * calls.
 */
export function configureInterfaces(network: ContainerNetwork): readonly Step[] {
  const { container } = planNetwork(network, { pid: SOME_PID });
  const socket = slot('socket');
  return [group('network', openRouteSocket(socket), ...exchangeSteps(socket, container))];
}
