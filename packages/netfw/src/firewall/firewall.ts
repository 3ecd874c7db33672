import { isErrno } from '@ns/errors';

import type { NetlinkSocket } from '../netlink/socket.js';
import { addElements, deleteElements } from '../nft/element.js';
import { addTable, deleteTable } from '../nft/messages.js';
import { deleteChain } from '../nft/chain.js';
import { deleteRules } from '../nft/rule.js';
import { deleteSet } from '../nft/set.js';
import type { TableName } from '../nft/spec.js';
import { readGeneration, readTable, transact } from '../nft/table.js';
import { compare, type Difference } from './compare.js';
import { checkPublishedPort, type FirewallPolicy, type PublishedPort } from './policy.js';
import { CHAINS, USER_CHAIN } from './rules.js';
import { portElement, SETS } from './sets.js';

/** The table of an engine. Nothing outside of it is ever changed. */
export const FIREWALL_TABLE: TableName = { family: 'inet', table: 'ns' };

/** How often another program may change rules between our reading and writing before we give up. */
const ATTEMPTS = 8;

/**
 * Make the rules what a policy says: at first, after a crash, and after another program changed or flushed them.
 *
 * @remarks
 * Reads the table, and puts right in one atomic batch what differs; nothing is sent when nothing does. The batch is
 * bound to the generation that was read, and tried again when another program was faster. The chain `user` is created
 * when it is not there, and else left alone. Needs CAP_NET_ADMIN and, for the rules, `nft_fib_inet`, `nft_nat` and
 * `nft_masq` (Linux 5.10).
 *
 * @returns What differed.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a policy that contradicts itself.
 * @throws SyscallError with the kernel's words; then nothing was changed.
 */
export function repairFirewall(
  socket: NetlinkSocket,
  policy: FirewallPolicy,
  name: TableName = FIREWALL_TABLE,
): readonly Difference[] {
  for (let attempt = 1; ; attempt++) {
    const generation = readGeneration(socket);
    const { differences, messages } = compare(name, policy, readTable(socket, name));
    try {
      transact(socket, 'repair the firewall', messages, generation);
      return differences;
    } catch (error) {
      if (!isErrno(error, 'ERESTART') || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Publish ports: elements of maps, so that the thousandth costs what the first did. All of them, or none.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a port that rules cannot publish.
 * @throws SyscallError EEXIST when one is published already; ENOENT when the table is gone: {@link repairFirewall}.
 */
export function publishPorts(
  socket: NetlinkSocket,
  ports: readonly PublishedPort[],
  name: TableName = FIREWALL_TABLE,
): void {
  changePorts(socket, ports, name, 'publish', addElements);
}

/**
 * Publish ports no longer. Connections that exist go on until they end.
 *
 * @throws SyscallError ENOENT when one is not published; then all stay.
 */
export function unpublishPorts(
  socket: NetlinkSocket,
  ports: readonly PublishedPort[],
  name: TableName = FIREWALL_TABLE,
): void {
  changePorts(socket, ports, name, 'unpublish', deleteElements);
}

function changePorts(
  socket: NetlinkSocket,
  ports: readonly PublishedPort[],
  name: TableName,
  verb: string,
  change: typeof addElements,
): void {
  for (const port of ports) checkPublishedPort(port);
  const messages = ports.map((port) => {
    const { set, element } = portElement(port);
    const [message] = change(name, set, [element]);
    const { hostIp, hostPort, protocol } = port;
    return { ...message!, what: `nftables: ${verb} port ${hostPort}/${protocol} on ${hostIp}` };
  });
  transact(socket, `${verb} ports`, messages);
}

/**
 * Remove the rules. A chain `user` with rules in it stays, with the table.
 *
 * @throws SyscallError EBUSY when a rule of the user refers to what is removed.
 */
export function removeFirewall(socket: NetlinkSocket, name: TableName = FIREWALL_TABLE): void {
  const live = readTable(socket, name);
  if (live === undefined) return;
  const isUsed = live.chains.some((chain) => chain.name === USER_CHAIN && chain.rules.length > 0);
  if (!isUsed) {
    // Created first, which does nothing when it is there: no error when another program was faster.
    transact(socket, 'remove the firewall', [addTable(name), deleteTable(name)]);
    return;
  }
  const chains = CHAINS.filter((chain) => live.chains.some((each) => each.name === chain.name));
  transact(socket, 'remove the firewall', [
    ...chains.map((chain) => deleteRules(name, chain.name)),
    ...chains.map((chain) => deleteChain(name, chain.name)),
    ...SETS.filter((set) => live.sets.some((each) => each.name === set.name)).map((set) =>
      deleteSet(name, set.name),
    ),
  ]);
}
