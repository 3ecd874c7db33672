import type { StatsResponse } from '@ns/engine-api';

import { checkUpdateRequest } from '../engine/create-schema.js';
import { pause, unpause } from '../engine/pause.js';
import { assertStats, statsOnce, statsStream } from '../engine/stats.js';
import { update } from '../engine/update.js';
import { empty, json, readJson, type Reply, stream } from '../http/message.js';
import type { Route } from '../http/router.js';
import { type ApiContext, containerOf } from './context.js';

/** What containers use of the machine: pause, unpause, update, stats. */
export const resourceRoutes = (context: ApiContext): Route[] => [
  [
    'POST',
    '/containers/:id/pause',
    async (request) => {
      await pause(context.engine, containerOf(context, request));
      return empty();
    },
  ],
  [
    'POST',
    '/containers/:id/unpause',
    async (request) => {
      await unpause(context.engine, containerOf(context, request));
      return empty();
    },
  ],
  [
    'POST',
    '/containers/:id/update',
    async (request) => {
      const container = containerOf(context, request);
      const change = checkUpdateRequest(await readJson(request.body));
      return json({ Warnings: await update(context.engine, container, change) });
    },
  ],
  [
    'GET',
    '/containers/:id/stats',
    async (request): Promise<Reply> => {
      const container = containerOf(context, request);
      const { query, signal } = request;
      assertStats(containerOf(context, request));
      const isOneShot = query.flag('one-shot');
      if (query.flag('stream', true)) {
        return stream('application/json', lines(statsStream(context.engine, container, signal)));
      }
      return json(await statsOnce(context.engine, container, isOneShot, signal));
    },
  ],
];

async function* lines(answers: AsyncIterable<StatsResponse>): AsyncGenerator<string> {
  for await (const answer of answers) yield `${JSON.stringify(answer)}\n`;
}
