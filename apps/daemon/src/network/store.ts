import { readFileSync } from 'node:fs';

import { NsError } from '@ns/errors';

import { writeAtomic } from '../host/atomic-file.js';
import type { Network } from './network.js';

interface Content {
  readonly version: 1;
  readonly networks: readonly Network[];
}

/** Keeps the networks of users in a file. */
export class NetworkStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws {@link NsError} `ERR_NS_CORRUPT` for a file that is none of ours. */
  load(): readonly Network[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    try {
      const content = JSON.parse(text) as Content;
      if (content.version === 1) return content.networks;
    } catch (cause) {
      throw this.#corrupt(cause);
    }
    throw this.#corrupt(undefined);
  }

  async save(networks: readonly Network[]): Promise<void> {
    const content: Content = { version: 1, networks };
    await writeAtomic(this.#path, `${JSON.stringify(content, undefined, 1)}\n`);
  }

  #corrupt(cause: unknown): NsError {
    return new NsError('ERR_NS_CORRUPT', {
      operation: 'networks',
      message: `${this.#path} is no list of networks of this version`,
      path: this.#path,
      hint: 'Move it away; networks of users are then to be made again.',
      cause,
    });
  }
}
