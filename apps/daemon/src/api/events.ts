import type { EventMessage } from '@ns/engine-api';

import { nowNs } from '../engine/clock.js';
import { EVENT_FILTERS, type EventBus, isWanted } from '../engine/events.js';
import { Filters } from '../engine/filters.js';
import { badParameter, stream } from '../http/message.js';
import type { Route } from '../http/router.js';
import type { ApiContext } from './context.js';
import { timeOf } from './logs.js';

/** What happens, as it happens. */
export const eventRoutes = (context: ApiContext): Route[] => [
  [
    'GET',
    '/events',
    ({ query, signal }) => {
      const filters = Filters.parse(query.text('filters'), EVENT_FILTERS);
      const range = { sinceNs: timeOf(query, 'since'), untilNs: timeOf(query, 'until') };
      if (range.sinceNs !== undefined && range.untilNs !== undefined && range.sinceNs > range.untilNs) {
        throw badParameter('since', query.text('since') ?? '', 'before until');
      }
      return stream('application/json', events(context.engine.events, filters, range, signal));
    },
  ],
];

interface Range {
  readonly sinceNs: bigint | undefined;
  readonly untilNs: bigint | undefined;
}

async function* events(
  bus: EventBus,
  filters: Filters,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const queue: EventMessage[] = [];
  let wake = (): void => undefined;
  const stop = bus.listen((event) => {
    queue.push(event);
    wake();
  });
  const abort = (): void => wake();
  signal.addEventListener('abort', abort);
  const leftMs = range.untilNs === undefined ? undefined : Number((range.untilNs - nowNs()) / 1_000_000n);
  let isOver = leftMs !== undefined && leftMs <= 0;
  const timer = setTimeout(
    () => {
      isOver = true;
      wake();
    },
    Math.min(Math.max(leftMs ?? 0, 0), 2 ** 31 - 1),
  );
  if (leftMs === undefined) clearTimeout(timer);
  try {
    // Listening began before this: an event of this moment is in one of the two, and not in both.
    const past = range.sinceNs === undefined ? [] : bus.since(range.sinceNs);
    for (const event of past) if (isIn(event, range) && isWanted(event, filters)) yield line(event);
    for (;;) {
      for (const event of queue.splice(0))
        if (isIn(event, range) && isWanted(event, filters)) yield line(event);
      if (signal.aborted || (isOver && queue.length === 0)) return;
      if (queue.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

const isIn = (event: EventMessage, { untilNs }: Range): boolean =>
  untilNs === undefined || BigInt(event.timeNano) <= untilNs;

const line = (event: EventMessage): string => `${JSON.stringify(event)}\n`;
