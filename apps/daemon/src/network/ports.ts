import { existsSync } from 'node:fs';
import { isIPv6 } from 'node:net';

import { NsError } from '@ns/errors';
import { needsProxy, type PublishedPort, readEphemeralRange } from '@ns/netfw';
import type { OwnedFd } from '@ns/syscall';

import { DOCKER } from '../engine/errors.js';
import type { Logger } from '../host/logger.js';
import { addressOf, type Binding, hostText } from './endpoint.js';
import type { PortRequest } from './port-requests.js';
import { bindPort } from './port-socket.js';
import { type Proxy, proxyTcp, proxyUdp } from './proxy.js';

/** How ports are published. */
export interface PortOptions {
  readonly hostIp: string;
  /** Rules of the kernel pass packets on. */
  readonly hasRules: boolean;
  readonly hasProxies: boolean;
}

/** A published port, held. */
interface Held {
  readonly binding: Binding;
  /** The rule that passes packets on, unless a proxy does alone. */
  readonly rule: PublishedPort | undefined;
  /** Undefined when there is nothing to hold, or it could not be taken again after the daemon's death. */
  readonly holder: OwnedFd | Proxy | undefined;
}

/** The ports of one container. */
export interface HeldPorts {
  readonly bindings: readonly Binding[];
  readonly rules: readonly PublishedPort[];
  close(): void;
}

/** Takes ports of the host for containers, and has them served. */
export class Ports {
  readonly #logger: Logger;
  readonly #taken = new Set<string>();
  #next = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Take the ports that a container publishes. On failure none is.
   *
   * @param addresses - The container's.
   * @throws {@link NsError} `ERR_NS_CONFLICT` when one is taken, in Docker's words.
   */
  publish(
    requests: readonly PortRequest[],
    addresses: readonly string[],
    name: string,
    options: PortOptions,
  ): HeldPorts {
    const held: Held[] = [];
    try {
      for (const request of requests) held.push(...this.#take(request, addresses, name, options));
      return this.#heldPorts(held);
    } catch (error) {
      this.#close(held);
      throw error;
    }
  }

  /** Take up the ports of a container that runs already. One that somebody else took meanwhile is left to the rules. */
  adopt(
    bindings: readonly Binding[],
    addresses: readonly string[],
    name: string,
    options: PortOptions,
  ): HeldPorts {
    const held = bindings.map((binding): Held => {
      try {
        const one = this.#hold(binding, addresses, name, options);
        if (one !== undefined) return one;
        this.#logger.warn(`container ${name}: port ${hostText(binding)} was taken by another program`);
      } catch (error) {
        this.#logger.error(`container ${name}: port ${hostText(binding)} cannot be held`, error);
      }
      return { binding, rule: ruleOf(binding, addresses, name, options), holder: undefined };
    });
    return this.#heldPorts(held);
  }

  #heldPorts(held: readonly Held[]): HeldPorts {
    return {
      bindings: held.map(({ binding }) => binding),
      rules: held.flatMap(({ rule }) => (rule === undefined ? [] : [rule])),
      close: () => this.#close(held),
    };
  }

  #close(held: readonly Held[]): void {
    for (const { binding, holder } of held) {
      holder?.close();
      this.#taken.delete(keyOf(binding));
    }
  }

  /** One port, on each of the host's addresses that it is for. */
  #take(request: PortRequest, addresses: readonly string[], name: string, options: PortOptions): Held[] {
    const hostIps = hostAddresses(request.hostIp || options.hostIp, request, addresses, options);
    const { protocol, port: containerPort, hostPorts } = request;
    for (const hostPort of this.#candidates(hostPorts)) {
      const held: Held[] = [];
      try {
        for (const hostIp of hostIps) {
          const one = this.#hold({ protocol, containerPort, hostIp, hostPort }, addresses, name, options);
          if (one !== undefined) held.push(one);
        }
      } catch (error) {
        this.#close(held);
        throw error;
      }
      if (held.length === hostIps.length) return held;
      this.#close(held);
      const [first, last] = hostPorts ?? [];
      if (first === last && first !== undefined) {
        throw this.#refusal(
          hostIps.map((hostIp) => ({ protocol, containerPort, hostIp, hostPort })),
          addresses,
        );
      }
    }
    throw new NsError('ERR_NS_CONFLICT', {
      operation: DOCKER,
      message:
        hostPorts === undefined
          ? 'all ports are allocated'
          : `Bind for ${hostIps[0]}:${hostPorts.join('-')} failed: port is already allocated`,
      hint: 'Publish another port, or end what uses these.',
    });
  }

  /** Docker's words for a port that is taken: by a container, or by another program. */
  #refusal(bindings: readonly Binding[], addresses: readonly string[]): NsError {
    const ours = bindings.find((binding) => this.#isOurs(binding));
    const one = ours ?? bindings[0]!;
    const message =
      ours === undefined
        ? `failed to bind host port for ${hostText(one)}:${addressOf(addresses, 4) ?? ''}:${one.containerPort}/${one.protocol}: address already in use`
        : `Bind for ${hostText(one)} failed: port is already allocated`;
    return new NsError('ERR_NS_CONFLICT', {
      operation: DOCKER,
      message,
      hint: 'Publish another port, or end what uses this one.',
    });
  }

  #isOurs({ protocol, hostIp, hostPort }: Binding): boolean {
    const any = isIPv6(hostIp) ? '::' : '0.0.0.0';
    return [...this.#taken].some((key) => {
      const [otherProtocol, otherIp = '', otherPort] = key.split(' ');
      if (otherProtocol !== protocol || otherPort !== String(hostPort)) return false;
      return otherIp === hostIp || otherIp === any || (hostIp === any && isIPv6(otherIp) === isIPv6(hostIp));
    });
  }

  /** @returns `undefined` when it is taken. */
  #hold(
    binding: Binding,
    addresses: readonly string[],
    name: string,
    options: PortOptions,
  ): Held | undefined {
    const rule = ruleOf(binding, addresses, name, options);
    const isServed = rule === undefined || (needsProxy(binding) && options.hasProxies);
    const target = isServed ? targetOf(binding, addresses) : undefined;
    if (isServed && binding.protocol === 'sctp') {
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: DOCKER,
        message: `port ${binding.containerPort}/sctp on ${binding.hostIp} needs rules of the kernel: there is no proxy for SCTP`,
        hint: 'Start ns-daemon without --iptables=false, and publish on an IPv4 address.',
      });
    }
    const socket = bindPort(binding, isServed);
    if (socket === 'no-protocol' ? this.#isOurs(binding) : socket === undefined) return undefined;
    this.#taken.add(keyOf(binding));
    if (socket === 'no-protocol' || socket === undefined) return { binding, rule, holder: undefined };
    if (target === undefined) return { binding, rule, holder: socket };
    const holder =
      binding.protocol === 'tcp'
        ? proxyTcp(socket, target, this.#logger)
        : proxyUdp(socket, binding.hostIp, target, this.#logger);
    return { binding, rule, holder };
  }

  /** The ports to try, in order; of the ephemeral range another one first each time. */
  *#candidates(range: PortRequest['hostPorts']): Generator<number> {
    const ephemeral = readEphemeralRange();
    const [first, last] = range ?? [ephemeral.first, ephemeral.last];
    const size = last - first + 1;
    for (let step = 0; step < size; step += 1) {
      if (range !== undefined) yield first + step;
      else {
        const offset = this.#next % size;
        this.#next = offset + 1;
        yield first + offset;
      }
    }
  }
}

/** Docker's sentence for a port that cannot be published. */
export function publishFailed(error: unknown, name: string, endpoint: string): unknown {
  if (!NsError.is(error)) return error;
  const fact = error.message.slice(error.operation.length + 2);
  return new NsError(error.code, {
    operation: DOCKER,
    message: `driver failed programming external connectivity on endpoint ${name} (${endpoint}): ${fact}`,
    hint: error.hint,
    cause: error,
  });
}

const keyOf = ({ protocol, hostIp, hostPort }: Binding): string => `${protocol} ${hostIp} ${hostPort}`;

/** Docker: what names no address is published on all, of both families. */
function hostAddresses(
  hostIp: string,
  request: PortRequest,
  addresses: readonly string[],
  { hasRules, hasProxies }: PortOptions,
): string[] {
  if (request.hostIp !== '' || hostIp !== '0.0.0.0' || !existsSync('/proc/net/if_inet6')) return [hostIp];
  const isReached = (hasRules && addressOf(addresses, 6) !== undefined) || hasProxies;
  return isReached && request.protocol !== 'sctp' ? [hostIp, '::'] : [hostIp];
}

/** The rule for a port, if one can be. */
function ruleOf(
  { protocol, hostIp, hostPort, containerPort }: Binding,
  addresses: readonly string[],
  comment: string,
  { hasRules }: PortOptions,
): PublishedPort | undefined {
  const containerIp = addressOf(addresses, isIPv6(hostIp) ? 6 : 4);
  if (!hasRules || containerIp === undefined || hostIp === '::1') return undefined;
  return { protocol, hostIp, hostPort, containerIp, containerPort, comment: comment.slice(0, 100) };
}

/** Where a proxy connects to: in the family of the client, or the other. */
function targetOf(
  { hostIp, containerPort }: Binding,
  addresses: readonly string[],
): { address: string; port: number } {
  const [first, second] = isIPv6(hostIp) ? ([6, 4] as const) : ([4, 6] as const);
  return { address: addressOf(addresses, first) ?? addressOf(addresses, second) ?? '', port: containerPort };
}
