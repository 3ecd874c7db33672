import type { Endpoint } from './endpoint.js';
import { type LinkedPort, type LinkRule, linkRules } from './link-rules.js';
import type { NetworkTable } from './table.js';

/** Ports of others that running containers are linked to. */
export class ContainerLinks {
  readonly #table: NetworkTable;
  readonly #endpointsOf: (id: string) => readonly Endpoint[];
  readonly #ports = new Map<string, readonly LinkedPort[]>();

  /** @param endpointsOf - What a container that runs has. */
  constructor(table: NetworkTable, endpointsOf: (id: string) => readonly Endpoint[]) {
    this.#table = table;
    this.#endpointsOf = endpointsOf;
  }

  set(id: string, ports: readonly LinkedPort[]): void {
    if (ports.length > 0) this.#ports.set(id, ports);
  }

  forget(id: string): void {
    this.#ports.delete(id);
  }

  /** Whether a container is at either end of a link. */
  concern(id: string): boolean {
    return [...this.#ports].some(([from, ports]) => from === id || ports.some(({ to }) => to === id));
  }

  /** The rules of links between containers that both run. */
  rules(): LinkRule[] {
    return linkRules(this.#ports, this.#endpointsOf, (id) => this.#table.find(id));
  }
}
