import type { HTTPMethod } from 'find-my-way';
import findMyWay from 'find-my-way';

import type { Handler } from './message.js';

/** One line of the routing table: method, path with `:parameters`, handler. `*` at the end takes the rest. */
export type Route = readonly [method: HTTPMethod, path: string, handler: Handler];

/** What a request's method and path lead to. */
export interface Match {
  readonly handler: Handler;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the handler of a request. */
export interface Router {
  find(method: string, path: string): Match | undefined;
}

export function createRouter(routes: readonly Route[]): Router {
  const router = findMyWay({ maxParamLength: 1024, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true });
  for (const [method, path, handler] of routes) router.on(method, path, () => undefined, { handler });
  return {
    find(method, path) {
      const found = router.find(method as HTTPMethod, path);
      if (found === null) return undefined;
      return {
        handler: (found.store as { handler: Handler }).handler,
        params: found.params as Readonly<Record<string, string>>,
      };
    },
  };
}
