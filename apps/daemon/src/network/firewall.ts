import { isErrno, NsError } from '@ns/errors';
import {
  type FirewallPolicy,
  type NetlinkSocket,
  openNftables,
  publishPorts,
  type PublishedPort,
  readGeneration,
  readTable,
  FIREWALL_TABLE,
  removeFirewall,
  repairFirewall,
  unpublishPorts,
} from '@ns/netfw';

import type { Logger } from '../host/logger.js';
import { redecide } from './flows.js';

/**
 * The rules of the daemon's networks, kept as they should be.
 *
 * @remarks
 * The kernel counts the changes of its rules. While the count is what our own last change made it, nobody has touched
 * them, and there is nothing to compare: one short question for each start of a container.
 */
export class Firewall implements Disposable {
  readonly #logger: Logger;
  readonly #policy: () => FirewallPolicy;
  #socket: NetlinkSocket | undefined;
  /** The count after our last change; undefined: the rules are to be compared. */
  #generation: number | undefined;

  /** @param policy - What the rules should be, whenever they are compared. */
  constructor(policy: () => FirewallPolicy, logger: Logger) {
    this.#policy = policy;
    this.#logger = logger;
  }

  /** Put the rules right if somebody may have changed them. @returns Whether they were compared. */
  ensure(): boolean {
    const socket = this.#open();
    if (this.#generation !== undefined && readGeneration(socket) === this.#generation) return false;
    const isKnown = this.#generation !== undefined;
    const differences = repairFirewall(socket, this.#policy());
    if (isKnown && differences.length > 0) {
      const facts = differences.map(({ kind, name, fact }) => `${kind} ${name}: ${fact}`).join(', ');
      this.#logger.warn(`firewall: another program changed our rules; they are put right (${facts})`);
    }
    this.#generation = readGeneration(socket);
    return true;
  }

  /** The next {@link ensure} compares: the policy has other networks now. */
  outdate(): void {
    this.#generation = undefined;
  }

  /**
   * Publish ports that the policy has by now.
   *
   * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when the kernel does not take the rules.
   */
  publish(ports: readonly PublishedPort[]): void {
    try {
      // A comparison has published them already.
      if (!this.ensure() && ports.length > 0) this.#change(ports, publishPorts);
      this.#redecide(ports);
    } catch (cause) {
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: 'firewall',
        message: cause instanceof Error ? cause.message : String(cause),
        hint: 'Start ns-daemon with --iptables=false, or the container with --network none.',
        cause,
      });
    }
  }

  /** Publish ports no longer; the policy has them no more. */
  unpublish(ports: readonly PublishedPort[]): void {
    if (ports.length === 0) return;
    if (!this.ensure()) this.#change(ports, unpublishPorts);
    this.#redecide(ports);
  }

  /** Remove rules that an earlier daemon left. */
  removeStale(): void {
    const socket = this.#open();
    if (readTable(socket, FIREWALL_TABLE) !== undefined) removeFirewall(socket);
    this.outdate();
  }

  #change(ports: readonly PublishedPort[], change: typeof publishPorts): void {
    const socket = this.#open();
    const before = this.#generation as number;
    try {
      change(socket, ports);
      // Any other count, and somebody was there between the two.
      this.#generation = before + 1;
    } catch (error) {
      this.outdate();
      if (!isErrno(error, 'ENOENT', 'EEXIST', 'ERESTART')) throw error;
      this.ensure();
    }
  }

  /** What fails here is no reason not to start a container. */
  #redecide(ports: readonly PublishedPort[]): void {
    try {
      redecide(this.#open(), ports);
    } catch (error) {
      this.#logger.warn(
        `firewall: packets of UDP that are on their way go where they went before (${String(error)})`,
      );
    }
  }

  #open(): NetlinkSocket {
    this.#socket ??= openNftables();
    return this.#socket;
  }

  [Symbol.dispose](): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.outdate();
  }
}
