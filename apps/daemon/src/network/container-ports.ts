import type { ContainerRecord } from '../engine/record.js';
import type { Logger } from '../host/logger.js';
import type { NetworkConfig } from './config.js';
import type { Attachment, Endpoint } from './endpoint.js';
import { portRequests } from './port-requests.js';
import { type HeldPorts, type PortOptions, Ports, publishFailed } from './ports.js';
import type { NetworkTable } from './table.js';

/** Those of a container without a network. */
export const NO_PORTS: HeldPorts = { bindings: [], rules: [], close: () => undefined };

/** The published ports of containers: they are at a container's first network, as that network and the daemon say. */
export class ContainerPorts {
  readonly #config: NetworkConfig;
  readonly #table: NetworkTable;
  readonly #ports: Ports;

  constructor(config: NetworkConfig, table: NetworkTable, logger: Logger) {
    this.#config = config;
    this.#table = table;
    this.#ports = new Ports(logger);
  }

  /** @throws {@link NsError} as {@link Ports.publish}, in Docker's words. */
  publish(record: ContainerRecord, endpoint: Endpoint | undefined): HeldPorts {
    if (endpoint === undefined) return NO_PORTS;
    const requests = portRequests(record.hostConfig, record.config);
    try {
      return this.#ports.publish(requests, endpoint.addresses, record.name, this.#options(endpoint));
    } catch (error) {
      throw publishFailed(error, record.name, endpoint.id);
    }
  }

  /** Ports that were published already, at what is the first network now. */
  holdAgain({ endpoints: [first], ports }: Attachment, name: string): HeldPorts {
    if (first === undefined) return NO_PORTS;
    return this.#ports.adopt(ports, first.addresses, name, this.#options(first));
  }

  #options({ networkId }: Endpoint): PortOptions {
    const { hostIp } = this.#table.get(networkId);
    return {
      hostIp: hostIp || this.#config.hostIp,
      hasRules: this.#config.iptables,
      hasProxies: this.#config.userlandProxy || !this.#config.iptables,
    };
  }
}
