import { NsError } from '@ns/errors';

import { DOCKER } from '../engine/errors.js';
import { BUILT_IN, isBuiltIn, type Network } from './network.js';
import type { NetworkStore } from './store.js';

/** The networks there are: the default one, and those of users. `host` and `none` are only names. */
export class NetworkTable {
  readonly #byId = new Map<string, Network>();
  readonly #store: NetworkStore;

  /** @param standard - The default network; undefined: there is none. */
  constructor(store: NetworkStore, standard: Network | undefined) {
    this.#store = store;
    for (const network of [...(standard === undefined ? [] : [standard]), ...store.load()]) {
      this.#byId.set(network.id, network);
    }
  }

  all(): Network[] {
    return [...this.#byId.values()];
  }

  /** By id, name, or the beginning of an id, in this order. */
  find(reference: string): Network | undefined {
    const exact = this.#byId.get(reference) ?? this.all().find(({ name }) => name === reference);
    if (exact !== undefined || reference === '') return exact;
    const found = this.all().filter(({ id }) => id.startsWith(reference));
    return found.length === 1 ? found[0] : undefined;
  }

  /** @throws {@link NsError} `ERR_NS_NOT_FOUND`, in Docker's words. */
  get(reference: string): Network {
    const found = this.find(reference);
    if (found !== undefined) return found;
    throw noSuchNetwork(reference);
  }

  /** The same network with something that has become known. Not saved: it can be found out again. */
  replace(network: Network): void {
    this.#byId.set(network.id, network);
  }

  /** @throws {@link NsError} `ERR_NS_CONFLICT` when the name is taken. */
  async add(network: Network): Promise<void> {
    const isTaken =
      (BUILT_IN as readonly string[]).includes(network.name) ||
      this.all().some(({ name }) => name === network.name);
    if (isTaken) {
      throw new NsError('ERR_NS_CONFLICT', {
        operation: DOCKER,
        message: `network with name ${network.name} already exists`,
        hint: 'Choose another name, or remove the network first.',
      });
    }
    this.#byId.set(network.id, network);
    try {
      await this.#save();
    } catch (error) {
      this.#byId.delete(network.id);
      throw error;
    }
  }

  async remove(network: Network): Promise<void> {
    this.#byId.delete(network.id);
    await this.#save();
  }

  #save(): Promise<void> {
    return this.#store.save(this.all().filter(({ name }) => !isBuiltIn(name)));
  }
}

export const noSuchNetwork = (reference: string): NsError =>
  new NsError('ERR_NS_NOT_FOUND', {
    operation: DOCKER,
    message: `network ${reference} not found`,
    hint: 'List the networks with network ls.',
  });
