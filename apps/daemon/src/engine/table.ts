import type { ManagedContainer } from './container.js';
import { ambiguousId, nameInUse, noSuchContainer } from './errors.js';
import { isFullId } from './ids.js';

/** The containers there are, by id and by name. */
export class ContainerTable {
  readonly #byId = new Map<string, ManagedContainer>();
  /** Names that are taken, by a container or by one that is being created. */
  readonly #names = new Map<string, string>();

  /** @throws {@link NsError} `ERR_NS_CONFLICT` */
  reserveName(name: string, id: string): void {
    const holder = this.#names.get(name);
    if (holder !== undefined && holder !== id) throw nameInUse(name, holder);
    this.#names.set(name, id);
  }

  releaseName(name: string, id: string): void {
    if (this.#names.get(name) === id) this.#names.delete(name);
  }

  isTaken(name: string): boolean {
    return this.#names.has(name);
  }

  add(container: ManagedContainer): void {
    this.reserveName(container.record.name, container.id);
    this.#byId.set(container.id, container);
  }

  remove(container: ManagedContainer): void {
    this.#byId.delete(container.id);
    this.releaseName(container.record.name, container.id);
  }

  /** All of them, newest first. */
  all(): ManagedContainer[] {
    return [...this.#byId.values()].toSorted((a, b) => (a.record.created < b.record.created ? 1 : -1));
  }

  get size(): number {
    return this.#byId.size;
  }

  /**
   * A container by its id, its name, or the beginning of its id, in this order.
   *
   * @throws {@link NsError} `ERR_NS_NOT_FOUND`; `ERR_NS_INVALID_ARGUMENT` when several ids begin so.
   */
  get(reference: string): ManagedContainer {
    const found = this.find(reference);
    if (found) return found;
    throw noSuchContainer(reference);
  }

  /** As {@link ContainerTable.get}, or undefined. */
  find(reference: string): ManagedContainer | undefined {
    const name = reference.startsWith('/') ? reference.slice(1) : reference;
    const exact = this.#byId.get(reference) ?? this.#byId.get(this.#names.get(name) ?? '');
    if (exact || reference === '' || isFullId(reference)) return exact;
    const found = [...this.#byId.keys()].filter((id) => id.startsWith(reference));
    if (found.length > 1) throw ambiguousId(reference);
    return this.#byId.get(found[0] ?? '');
  }
}
