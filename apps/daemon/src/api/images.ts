import type { ImageSummary, JSONMessage } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import { DOCKER } from '../engine/errors.js';
import { Filters } from '../engine/filters.js';
import { imageIdOf } from '../engine/record.js';
import { errorBody } from '../http/errors.js';
import {
  type ApiRequest,
  badParameter,
  empty,
  json,
  type Query,
  type Reply,
  stream,
} from '../http/message.js';
import type { Route } from '../http/router.js';
import type { ApiContext } from './context.js';

const FILTERS = ['before', 'dangling', 'label', 'reference', 'since', 'until'] as const;

/**
 * Images. Their names have slashes, which the router takes for parts of the path: the verb behind the name is split off
 * here.
 */
export const imageRoutes = (context: ApiContext): Route[] => [
  ['GET', '/images/json', ({ query }) => list(context, query)],
  ['GET', '/images/get', ({ query }) => save(context, query.all('names'))],
  ['POST', '/images/load', (request) => load(context, request)],
  ['POST', '/images/create', (request) => create(context, request)],
  ['GET', '/images/*', (request) => read(context, request)],
  ['POST', '/images/*', (request) => change(context, request)],
  ['DELETE', '/images/*', (request) => remove(context, request)],
];

async function list({ images }: ApiContext, query: Query): Promise<Reply> {
  const filters = Filters.parse(query.text('filters'), FILTERS);
  const all = await images.list();
  // Before filters there was one name.
  const name = query.text('filter');
  return json(all.filter((image) => isListed(image, filters) && (!name || isNamed(image, name))));
}

function isListed(image: ImageSummary, filters: Filters): boolean {
  const isDangling = image.RepoTags.length === 0;
  return (
    filters.any('dangling', (value) => isDangling === (value === 'true' || value === '1')) &&
    filters.any('reference', (pattern) => isNamed(image, pattern)) &&
    filters.labels(image.Labels ?? {})
  );
}

/** `busybox`, `busybox:1.36`, `reg*\/busy*`: a star stands for anything but a slash. */
function isNamed(image: ImageSummary, pattern: string): boolean {
  const escaped = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const matcher = new RegExp(`^${escaped}$`);
  return image.RepoTags.some((tag) => matcher.test(tag) || matcher.test(tag.replace(/:[^:/]*$/, '')));
}

function save({ images }: ApiContext, names: readonly string[]): Reply {
  if (names.length === 0) throw badParameter('names', '', 'the name of an image');
  return stream('application/x-tar', images.save(names));
}

async function load(context: ApiContext, { body, query }: ApiRequest): Promise<Reply> {
  const isQuiet = query.flag('quiet');
  const events = context.images.load(body);
  return stream('application/json', progress(quietly(events, isQuiet)));
}

async function* quietly(messages: AsyncIterable<JSONMessage>, isQuiet: boolean): AsyncGenerator<JSONMessage> {
  for await (const message of messages) if (!isQuiet || message.stream !== undefined) yield message;
}

/** A failure after the headers is told as the last message: that is where clients look for it. */
async function* progress(messages: AsyncIterable<JSONMessage>): AsyncGenerator<string> {
  try {
    for await (const message of messages) yield `${JSON.stringify(message)}\r\n`;
  } catch (error) {
    const { message } = errorBody(error, true);
    yield `${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`;
  }
}

async function create(context: ApiContext, { query, body }: ApiRequest): Promise<Reply> {
  const fromImage = query.text('fromImage');
  if (fromImage) {
    const tag = query.text('tag');
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: DOCKER,
      message: `pull access denied for ${fromImage}${tag ? `:${tag}` : ''}: registries are not there yet`,
      hint: 'Bring the image with docker load or docker import; hello-world is built in.',
    });
  }
  const source = query.text('fromSrc');
  if (source !== '-')
    throw badParameter('fromSrc', source ?? '', '-: only an archive in the request can be imported');
  const importing = async function* (): AsyncGenerator<JSONMessage> {
    const id = await context.images.import(body, {
      repository: query.text('repo') || undefined,
      tag: query.text('tag') || undefined,
      message: query.text('message') || undefined,
      changes: query.all('changes'),
    });
    context.engine.events.publish('image', 'import', id, { name: id });
    yield { status: id };
  };
  return stream('application/json', progress(importing()));
}

/** The name and what follows it, in the part of the path behind `/images/`. */
function split(request: ApiRequest, verbs: readonly string[]): { name: string; verb: string } {
  const rest = request.params['*'] ?? '';
  const at = rest.lastIndexOf('/');
  const verb = rest.slice(at + 1);
  if (at > 0 && verbs.includes(verb)) return { name: rest.slice(0, at), verb };
  throw new NsError('ERR_NS_NOT_FOUND', { operation: DOCKER, message: 'page not found' });
}

async function read(context: ApiContext, request: ApiRequest): Promise<Reply> {
  const { name, verb } = split(request, ['json', 'history', 'get']);
  if (verb === 'json') return json(await context.images.inspect(name));
  if (verb === 'history') return json(await context.images.history(name));
  return save(context, [name]);
}

async function change(context: ApiContext, request: ApiRequest): Promise<Reply> {
  const { name, verb } = split(request, ['tag', 'push']);
  if (verb === 'push') {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: DOCKER,
      message: 'push needs registries, which are not there yet',
    });
  }
  const repository = request.query.text('repo') ?? '';
  if (repository === '') throw badParameter('repo', repository, 'a name');
  await context.images.tag(name, repository, request.query.text('tag') || 'latest');
  const { id } = await context.images.resolve(name);
  context.engine.events.publish('image', 'tag', id, {
    name: `${repository}:${request.query.text('tag') || 'latest'}`,
  });
  return empty(201);
}

async function remove(context: ApiContext, request: ApiRequest): Promise<Reply> {
  const name = request.params['*'] ?? '';
  const inUse = new Map<string, { container: string; isRunning: boolean }>();
  for (const { record, isRunning } of context.engine.containers.all()) {
    const id = imageIdOf(record);
    if (id !== '' && !(inUse.get(id)?.isRunning ?? false)) inUse.set(id, { container: record.id, isRunning });
  }
  const removed = await context.images.remove(name, { force: request.query.flag('force'), inUse });
  for (const { Untagged, Deleted } of removed) {
    if (Untagged !== undefined) context.engine.events.publish('image', 'untag', Untagged, { name: Untagged });
    if (Deleted !== undefined) context.engine.events.publish('image', 'delete', Deleted, { name: Deleted });
  }
  return json(removed);
}
