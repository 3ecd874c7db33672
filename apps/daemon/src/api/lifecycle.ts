import type { WaitCondition } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import { checkpointPath } from '../engine/checkpoint.js';
import type { ManagedContainer } from '../engine/container.js';
import { publish } from '../engine/container-events.js';
import { notRunning } from '../engine/errors.js';
import { start } from '../engine/start.js';
import { kill, stop } from '../engine/stop.js';
import { wait } from '../engine/wait.js';
import { badParameter, empty, type Query, stream } from '../http/message.js';
import type { Route } from '../http/router.js';
import { type ApiContext, containerOf } from './context.js';

/** What a start goes on from; undefined for a plain one. */
function checkpointOf(container: ManagedContainer, query: Query): string | undefined {
  const name = query.text('checkpoint');
  return name ? checkpointPath(container, name, query.text('checkpoint-dir') || undefined) : undefined;
}

const NOT_MODIFIED = 304;
const CONDITIONS: readonly string[] = ['not-running', 'next-exit', 'removed'];

/** Containers as processes: start, stop, restart, kill, wait, resize. */
export const lifecycleRoutes = (context: ApiContext): Route[] => [
  [
    'POST',
    '/containers/:id/start',
    async (request) => {
      const container = containerOf(context, request);
      const isStarted = await start(context.engine, container, checkpointOf(container, request.query));
      return empty(isStarted ? 204 : NOT_MODIFIED);
    },
  ],
  [
    'POST',
    '/containers/:id/stop',
    async (request) => {
      const isStopped = await stop(context.engine, containerOf(context, request), stopOptions(request.query));
      return empty(isStopped ? 204 : NOT_MODIFIED);
    },
  ],
  [
    'POST',
    '/containers/:id/restart',
    async (request) => {
      const container = containerOf(context, request);
      await stop(context.engine, container, stopOptions(request.query));
      await start(context.engine, container);
      publish(context.engine, container, 'restart');
      return empty();
    },
  ],
  [
    'POST',
    '/containers/:id/kill',
    async (request) => {
      const container = containerOf(context, request);
      await kill(context.engine, container, request.query.text('signal') ?? '', request.params['id'] ?? '');
      return empty();
    },
  ],
  [
    'POST',
    '/containers/:id/wait',
    (request) => {
      const condition = request.query.text('condition') || 'not-running';
      if (!CONDITIONS.includes(condition))
        throw badParameter('condition', condition, `one of ${CONDITIONS.join(', ')}`);
      const answer = waitAnswer(containerOf(context, request), condition as WaitCondition, request.signal);
      return stream('application/json', answer);
    },
  ],
  [
    'POST',
    '/containers/:id/resize',
    (request) => {
      const container = containerOf(context, request);
      if (container.driver === undefined) throw notRunning(container.id);
      const size = windowSize(request.query);
      container.driver.resize(size);
      publish(context.engine, container, 'resize', {
        height: String(size.rows),
        width: String(size.columns),
      });
      return empty(200);
    },
  ],
];

function stopOptions(query: Query): { signal: string | undefined; timeoutS: number | undefined } {
  const timeoutS = query.integer('t');
  if (timeoutS !== undefined && timeoutS < -1)
    throw badParameter('t', String(timeoutS), 'a number of seconds, or -1');
  return { signal: query.text('signal') ?? undefined, timeoutS };
}

/** The answer comes when the container has ended; the headers came before, since clients wait for them. */
async function* waitAnswer(
  container: ManagedContainer,
  condition: WaitCondition,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    // `Error` would be about the waiting, and clients print it: how a start failed is told by start.
    yield `${JSON.stringify({ StatusCode: await wait(container, condition, signal) })}\n`;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` unless both are 1 to 65535. */
export function windowSize(query: Query): { rows: number; columns: number } {
  const [rows = 0, columns = 0] = [query.integer('h'), query.integer('w')];
  if ([rows, columns].every((value) => value >= 0 && value <= 0xffff)) return { rows, columns };
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'resize',
    message: `${rows} rows and ${columns} columns are no terminal`,
    hint: 'h and w are numbers from 0 to 65535.',
  });
}
