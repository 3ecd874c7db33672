import type { CheckpointCreateRequest } from '../types/checkpoint.js';
import type { FakeContainer } from './container.js';
import { FakeError } from './exchange.js';
import type { Route } from './state.js';

const PATH = '/containers/([^/]+)/checkpoints';

/** Checkpoints have names, and nothing in them: a container that goes on from one begins anew. */
export const checkpointRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: new RegExp(`^${PATH}$`),
    handle: async (state, { params, json, reply }) => {
      const container = state.container(params[0] ?? '');
      const { CheckpointID, CheckpointDir = '', Exit } = await json<CheckpointCreateRequest>();
      if (!container.running) throw new FakeError(409, `container ${container.id} is not running`);
      const names = namesIn(container, CheckpointDir);
      if (names.includes(CheckpointID)) {
        throw new FakeError(
          409,
          `checkpoint with name ${CheckpointID} already exists for container ${container.name}`,
        );
      }
      container.checkpoints.set(CheckpointDir, [...names, CheckpointID]);
      if (Exit === true) container.process.signal('SIGKILL');
      reply(201);
    },
  },
  {
    method: 'GET',
    pattern: new RegExp(`^${PATH}$`),
    handle: (state, { params, query, reply }) => {
      const names = namesIn(state.container(params[0] ?? ''), query.get('dir') ?? '');
      reply(
        200,
        names.map((Name) => ({ Name })),
      );
    },
  },
  {
    method: 'DELETE',
    pattern: new RegExp(`^${PATH}/([^/]+)$`),
    handle: (state, { params, query, reply }) => {
      const container = state.container(params[0] ?? '');
      const [dir, name] = [query.get('dir') ?? '', params[1] ?? ''];
      checkCheckpoint(container, name, dir);
      container.checkpoints.set(
        dir,
        namesIn(container, dir).filter((one) => one !== name),
      );
      reply(204);
    },
  },
];

const namesIn = ({ checkpoints }: FakeContainer, dir: string): readonly string[] =>
  checkpoints.get(dir) ?? [];

/** @throws {@link FakeError} 404 when the container has none of that name. */
export function checkCheckpoint(container: FakeContainer, name: string, dir: string): void {
  if (namesIn(container, dir).includes(name)) return;
  throw new FakeError(404, `checkpoint ${name} does not exist for container ${container.name}`, {
    nsCode: 'ERR_NS_NOT_FOUND',
  });
}
