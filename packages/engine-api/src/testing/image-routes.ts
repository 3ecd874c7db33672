import { createHash } from 'node:crypto';

import { FakeError } from './exchange.js';
import { imageInspect, imageSummary, withTag } from './images.js';
import type { Route } from './state.js';

/** `/images`. Archives are not read: an import makes an image of the size that was sent. */
export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: /^\/images\/json$/,
    handle: (state, { reply }) => reply(200, state.images.map(imageSummary)),
  },
  {
    method: 'GET',
    pattern: /^\/images\/get$/,
    handle: (state, { query, stream }) => {
      for (const name of query.getAll('names')) state.image(name);
      stream('application/x-tar').end(`archive of ${query.getAll('names').join(' ')}`);
    },
  },
  {
    method: 'POST',
    pattern: /^\/images\/load$/,
    handle: async (state, { body, stream }) => {
      const bytes = await body();
      const response = stream('application/json');
      if (bytes.toString('utf8') === 'broken') {
        response.end('{"errorDetail":{"message":"not an archive"},"error":"not an archive"}\r\n');
        return;
      }
      state.images.push({
        id: idOf(bytes),
        tags: ['loaded:latest'],
        created: 1_700_000_000,
        size: bytes.length,
      });
      response.write(
        '{"status":"Loading layer","progressDetail":{"current":512,"total":1024},"id":"aaaaaaaaaaaa"}\r\n',
      );
      response.end('{"stream":"Loaded image: loaded:latest\\n"}\r\n');
    },
  },
  {
    method: 'POST',
    pattern: /^\/images\/create$/,
    handle: async (state, { query, body, stream }) => {
      if (query.get('fromSrc') !== '-') throw new FakeError(501, 'the fake engine pulls nothing');
      const bytes = await body();
      const repo = query.get('repo') ?? '';
      const tags = repo === '' ? [] : [`${repo}:${query.get('tag') ?? 'latest'}`];
      const id = idOf(bytes);
      state.images.push({ id, tags, created: 1_700_000_000, size: bytes.length });
      stream('application/json').end(`{"status":"${id}"}\r\n`);
    },
  },
  {
    method: 'GET',
    pattern: /^\/images\/(.+)\/json$/,
    handle: (state, { params, reply }) => reply(200, imageInspect(state.image(params[0] ?? ''))),
  },
  {
    method: 'GET',
    pattern: /^\/images\/(.+)\/history$/,
    handle: (state, { params, reply }) => {
      const { id, created, tags, size } = state.image(params[0] ?? '');
      const layer = {
        Id: id,
        Created: created,
        CreatedBy: '/bin/sh -c #(nop) CMD ["true"]',
        Tags: tags,
        Size: size,
      };
      const base = {
        Id: '<missing>',
        Created: created,
        CreatedBy: 'import',
        Tags: null,
        Size: 0,
        Comment: '',
      };
      reply(200, [{ ...layer, Comment: 'imported' }, base]);
    },
  },
  {
    method: 'POST',
    pattern: /^\/images\/(.+)\/tag$/,
    handle: (state, { params, query, reply }) => {
      const image = state.image(params[0] ?? '');
      image.tags = [...image.tags, `${query.get('repo') ?? ''}:${query.get('tag') ?? 'latest'}`];
      reply(201);
    },
  },
  {
    method: 'DELETE',
    pattern: /^\/images\/(.+)$/,
    handle: (state, { params, reply }) => {
      const name = params[0] ?? '';
      const image = state.image(name);
      const left = image.tags.filter((tag) => tag !== withTag(name));
      const untagged = image.tags.filter((tag) => !left.includes(tag)).map((Untagged) => ({ Untagged }));
      image.tags = left;
      if (left.length > 0) return reply(200, untagged);
      state.images.splice(state.images.indexOf(image), 1);
      reply(200, [...untagged, { Deleted: image.id }]);
    },
  },
];

const idOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
