import type { HTTPMethod } from 'find-my-way';

import { NsError } from '@ns/errors';

import { DOCKER } from '../engine/errors.js';
import type { Route } from '../http/router.js';

/** Requests of Docker's API that this version knows of and does not serve, with what they wait for. */
const NOT_YET: readonly (readonly [HTTPMethod, string, string])[] = [
  ['GET', '/containers/:id/export', 'export is not there yet'],
  ['GET', '/containers/:id/changes', 'diff is not there yet'],
  ['GET', '/containers/:id/archive', 'cp is not there yet'],
  ['HEAD', '/containers/:id/archive', 'cp is not there yet'],
  ['PUT', '/containers/:id/archive', 'cp is not there yet'],
  ['GET', '/containers/:id/attach/ws', 'attaching by websocket is not there yet'],
  ['POST', '/containers/prune', 'prune is not there yet'],
  ['POST', '/commit', 'commit is not there yet'],
  ['POST', '/build', 'build is not there yet'],
  ['POST', '/build/prune', 'build is not there yet'],
  ['POST', '/session', 'build is not there yet'],
  ['POST', '/grpc', 'build is not there yet'],
  ['GET', '/images/search', 'registries are not there yet'],
  ['POST', '/images/prune', 'prune is not there yet'],
  ['GET', '/system/df', 'system df is not there yet'],
  ['POST', '/volumes/create', 'named volumes are not there yet'],
  ['POST', '/volumes/prune', 'named volumes are not there yet'],
];

/** An answer that says so, better than "page not found". */
export const notYetRoutes = (): Route[] => [
  ...NOT_YET.map(([method, path, message]): Route => [
    method,
    path,
    () => refuse('ERR_NS_UNSUPPORTED', message),
  ]),
  [
    'GET',
    '/volumes/:name',
    ({ params }) => refuse('ERR_NS_NOT_FOUND', `get ${params['name']}: no such volume`),
  ],
  ['GET', '/plugins', () => ({ kind: 'json', status: 200, value: [] })],
];

function refuse(code: 'ERR_NS_UNSUPPORTED' | 'ERR_NS_NOT_FOUND', message: string): never {
  throw new NsError(code, { operation: DOCKER, message });
}
