import { EngineApiError } from '@ns/engine-api';
import { hintOf, NsError } from '@ns/errors';

import { Failure } from './failure.js';

/** An error as the user is told of it. */
export interface Report {
  readonly message: string;
  readonly hint: string | undefined;
  /** The engine's word, which stands without our name before it. */
  readonly fromEngine: boolean;
}

/** What the user is told of an error. */
export function reportOf(error: unknown): Report {
  const hint = error instanceof Failure ? error.hint : hintOf(error);
  if (EngineApiError.is(error)) {
    return { message: `Error response from daemon: ${error.engineMessage}`, hint, fromEngine: true };
  }
  if (NsError.is(error) && error.code === 'ERR_NS_CONNECTION') {
    // Which of our requests found nobody there is of no interest.
    return { message: error.message.replace(`${error.operation}: `, ''), hint, fromEngine: false };
  }
  return { message: error instanceof Error ? error.message : String(error), hint, fromEngine: false };
}

/** As lines for stderr. */
export function reportLines({ message, hint, fromEngine }: Report): string {
  const first = fromEngine || message.startsWith('Error') ? message : `ns: ${message}`;
  return hint === undefined ? first : `${first}\nhint: ${hint}`;
}
