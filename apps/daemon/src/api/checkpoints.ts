import {
  checkCheckpointRequest,
  checkpoint,
  listCheckpoints,
  removeCheckpoint,
} from '../engine/checkpoint.js';
import { empty, json, readJson, type Query } from '../http/message.js';
import type { Route } from '../http/router.js';
import { type ApiContext, containerOf } from './context.js';

/** Checkpoints: what the processes of a container were at a moment. Restoring is a start, see `lifecycle.ts`. */
export const checkpointRoutes = (context: ApiContext): Route[] => [
  [
    'POST',
    '/containers/:id/checkpoints',
    async (request) => {
      const container = containerOf(context, request);
      await checkpoint(context.engine, container, checkCheckpointRequest(await readJson(request.body)));
      return empty(201);
    },
  ],
  [
    'GET',
    '/containers/:id/checkpoints',
    (request) => json(listCheckpoints(containerOf(context, request), directoryOf(request.query))),
  ],
  [
    'DELETE',
    '/containers/:id/checkpoints/:checkpoint',
    (request) => {
      const name = request.params['checkpoint'] ?? '';
      removeCheckpoint(containerOf(context, request), name, directoryOf(request.query));
      return empty();
    },
  ],
];

const directoryOf = (query: Query): string | undefined => query.text('dir') || undefined;
