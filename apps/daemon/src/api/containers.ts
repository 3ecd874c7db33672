import { list, LIST_FILTERS } from '../engine/list.js';
import { create, rename } from '../engine/create.js';
import { checkCreateRequest } from '../engine/create-schema.js';
import { notRunning } from '../engine/errors.js';
import { Filters } from '../engine/filters.js';
import { inspect } from '../engine/inspect.js';
import { remove } from '../engine/remove.js';
import { top } from '../engine/top.js';
import { badParameter, empty, json, readJson } from '../http/message.js';
import type { Route } from '../http/router.js';
import { type ApiContext, containerOf } from './context.js';

/** Containers as objects: create, list, inspect, rename, top, remove. */
export const containerRoutes = (context: ApiContext): Route[] => [
  [
    'POST',
    '/containers/create',
    async ({ body, query }) => {
      const request = checkCreateRequest(await readJson(body));
      const plan = await create(context.engine, request, query.text('name') ?? '');
      return json({ Id: plan.container.id, Warnings: plan.warnings }, 201);
    },
  ],
  [
    'GET',
    '/containers/json',
    async ({ query }) => {
      const limit = query.integer('limit') ?? 0;
      const filters = Filters.parse(query.text('filters'), LIST_FILTERS);
      const size = query.flag('size');
      return json(
        await list(context.engine, { all: query.flag('all'), limit: Math.max(limit, 0), size, filters }),
      );
    },
  ],
  [
    'GET',
    '/containers/:id/json',
    async (request) => {
      const size = request.query.flag('size');
      return json(await inspect(context.engine, containerOf(context, request), size));
    },
  ],
  [
    'POST',
    '/containers/:id/rename',
    async (request) => {
      const container = containerOf(context, request);
      const name = request.query.text('name') ?? '';
      if (name === '') throw badParameter('name', name, 'a name: neither old nor new names may be empty');
      await rename(context.engine, container, name);
      return empty();
    },
  ],
  [
    'GET',
    '/containers/:id/top',
    async (request) => {
      const container = containerOf(context, request);
      if (container.driver === undefined) throw notRunning(container.id);
      return json(await top(await container.driver.processes(), request.query.text('ps_args') ?? ''));
    },
  ],
  [
    'DELETE',
    '/containers/:id',
    async (request) => {
      const { query } = request;
      const options = { force: query.flag('force'), volumes: query.flag('v') };
      await remove(context.engine, containerOf(context, request), options);
      return empty();
    },
  ],
];
