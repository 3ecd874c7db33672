import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

import { NsError } from '@ns/errors';

import type { Peer } from '../stdio/attach.js';

/** A request, as handlers see it: nothing of the connection but its body and its end. */
export interface ApiRequest {
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** The version the client speaks: of the path, or the highest. */
  readonly version: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** Aborted when the client has gone away. */
  readonly signal: AbortSignal;
}

/** What a handler answers. */
export type Reply =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly value: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'text';
      readonly status: number;
      readonly text: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Headers are sent at once, and each part as it comes. */
  | { readonly kind: 'stream'; readonly type: string; readonly parts: AsyncIterable<Uint8Array | string> }
  /** The connection itself. Resolves when the conversation is over. */
  | { readonly kind: 'hijack'; readonly type: string; readonly talk: (peer: Peer) => Promise<void> };

export type Handler = (request: ApiRequest) => Reply | Promise<Reply>;

export const json = (value: unknown, status = 200): Reply => ({ kind: 'json', status, value });
/** An answer without a body. */
export const empty = (status = 204): Reply => ({ kind: 'text', status, text: '' });
export const stream = (type: string, parts: AsyncIterable<Uint8Array | string>): Reply => ({
  kind: 'stream',
  type,
  parts,
});

const TRUE = new Set(['1', 'true', 'True', 'TRUE', 't', 'T', 'yes']);
const FALSE = new Set(['0', 'false', 'False', 'FALSE', 'f', 'F', 'no', 'none', '']);
const INTEGER = /^-?\d+$/;

/** The parameters of a request, read as what they must be. */
export class Query {
  readonly #search: URLSearchParams;

  constructor(search: URLSearchParams | string) {
    this.#search = typeof search === 'string' ? new URLSearchParams(search) : search;
  }

  text(name: string): string | null {
    return this.#search.get(name);
  }

  all(name: string): string[] {
    return this.#search.getAll(name);
  }

  /** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when it is neither true nor false. */
  flag(name: string, otherwise = false): boolean {
    const text = this.#search.get(name);
    if (text === null) return otherwise;
    if (TRUE.has(text)) return true;
    if (FALSE.has(text)) return false;
    throw badParameter(name, text, 'true or false');
  }

  /** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when it is not a whole number. */
  integer(name: string): number | undefined {
    const text = this.#search.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (INTEGER.test(text) && Number.isSafeInteger(value)) return value;
    throw badParameter(name, text, 'a whole number');
  }
}

export function badParameter(name: string, text: string, wanted: string): NsError {
  return new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'request',
    message: `parameter ${name}: '${text}' is not ${wanted}`,
    hint: 'The Docker Engine API reference lists the parameters of each request.',
  });
}

/** The largest JSON body that is read: 10 MiB of arguments in a create request are an error of execve's, not ours. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/**
 * The body of a request as JSON; an empty one is `{}`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) throw badBody(`larger than ${MAX_JSON_BYTES / 1024 / 1024} MiB`, undefined);
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw badBody('not JSON', error);
  }
}

function badBody(fact: string, cause: unknown): NsError {
  return new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'request',
    message: `the body is ${fact}`,
    hint: 'Send one JSON object, with Content-Type: application/json.',
    cause,
  });
}
