import { constants } from 'node:os';

import { frame } from '../stream/frame.js';
import type { ContainerCreateRequest } from '../types/container-create.js';
import type { ExecCreateRequest, ExecInspect, ExecStartRequest } from '../types/exec.js';
import { checkCheckpoint } from './checkpoint-routes.js';
import type { FakeContainer } from './container.js';
import { FakeError, filtersOf } from './exchange.js';
import { FakeProcess } from './process.js';
import type { FakeExec, FakeState, Route } from './state.js';

const truthy = (text: string | null): boolean => text === '1' || text === 'true';
const mediaType = (tty: boolean): string =>
  `application/vnd.docker.${tty ? 'raw-stream' : 'multiplexed-stream'}`;

/** A signal's name of whatever was sent: `9`, `KILL`, `SIGKILL`, nothing. */
function signalName(text: string | null, otherwise: string): string {
  if (text === null || text === '') return otherwise;
  const named = Object.entries(constants.signals).find(
    ([name, number]) => name === text || name === `SIG${text}` || String(number) === text,
  );
  if (named === undefined) throw new FakeError(400, `invalid signal: ${text}`);
  return named[0];
}

function running(container: FakeContainer): FakeContainer {
  if (!container.running)
    throw new FakeError(409, `container ${container.id} is not running`, { nsCode: 'ERR_NS_NOT_RUNNING' });
  return container;
}

async function stop(container: FakeContainer, signal: string, seconds: number): Promise<void> {
  if (!container.running) return;
  container.process.signal(signal);
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  await Promise.race([container.process.ended(), patience]);
  clearTimeout(timer);
  if (container.process.exitCode === undefined) container.process.signal('SIGKILL');
}

async function exitOf(container: FakeContainer, condition: string): Promise<number> {
  if (condition === 'removed') {
    await container.removed;
    return container.exitCode;
  }
  if (condition !== 'next-exit' && !container.running) return container.exitCode;
  return container.process.ended();
}

const route = (method: string, path: string, handle: Route['handle']): Route => ({
  method,
  pattern: new RegExp(`^${path.replaceAll('{}', '([^/]+)')}$`),
  handle,
});

/** `/containers` and `/exec`. */
export const containerRoutes: readonly Route[] = [
  route('GET', '/containers/json', (state, { query, reply }) => {
    const all = truthy(query.get('all')) || Number(query.get('limit') ?? 0) > 0;
    const filters = filtersOf(query);
    const summaries = [...state.containers.values()]
      .toReversed()
      .map((container) => container.summary())
      .filter(({ State }) => all || filters['status'] !== undefined || State === 'running')
      .filter(({ State }) => filters['status']?.includes(State) ?? true)
      .filter(
        ({ Names }) => filters['name']?.some((name) => Names.some((own) => own.includes(name))) ?? true,
      );
    reply(200, summaries.slice(0, Number(query.get('limit') ?? 0) || undefined));
  }),
  route('POST', '/containers/create', async (state, { query, json, reply }) => {
    const container = state.create(query.get('name') ?? undefined, await json<ContainerCreateRequest>());
    reply(201, { Id: container.id, Warnings: [] });
  }),
  route('GET', '/containers/{}/json', (state, { params, reply }) => {
    reply(200, state.container(params[0] ?? '').inspect());
  }),
  route('POST', '/containers/{}/start', (state, { params, query, reply }) => {
    const container = state.container(params[0] ?? '');
    if (container.running) return reply(304);
    const checkpoint = query.get('checkpoint');
    if (checkpoint !== null) checkCheckpoint(container, checkpoint, query.get('checkpoint-dir') ?? '');
    state.start(container);
    reply(204);
  }),
  route('POST', '/containers/{}/stop', async (state, { params, query, reply }) => {
    const container = state.container(params[0] ?? '');
    if (!container.running) return reply(304);
    await stop(container, signalName(query.get('signal'), 'SIGTERM'), Number(query.get('t') ?? 10));
    reply(204);
  }),
  route('POST', '/containers/{}/restart', async (state, { params, query, reply }) => {
    const container = state.container(params[0] ?? '');
    await stop(container, signalName(query.get('signal'), 'SIGTERM'), Number(query.get('t') ?? 10));
    state.start(container);
    reply(204);
  }),
  route('POST', '/containers/{}/kill', (state, { params, query, reply }) => {
    const container = running(state.container(params[0] ?? ''));
    container.process.signal(signalName(query.get('signal'), 'SIGKILL'));
    reply(204);
  }),
  route('POST', '/containers/{}/rename', (state, { params, query, reply }) => {
    state.container(params[0] ?? '').name = query.get('name') ?? '';
    reply(204);
  }),
  route('POST', '/containers/{}/resize', (state, { params, query, reply }) => {
    const container = running(state.container(params[0] ?? ''));
    container.process.events.emit('resize', Number(query.get('h')), Number(query.get('w')));
    reply(200);
  }),
  route('GET', '/containers/{}/top', (state, { params, reply }) => {
    const container = running(state.container(params[0] ?? ''));
    reply(200, { Titles: ['PID', 'CMD'], Processes: [['4711', container.argv.join(' ')]] });
  }),
  route('POST', '/containers/{}/wait', async (state, { params, query, stream }) => {
    const container = state.container(params[0] ?? '');
    const exit = exitOf(container, query.get('condition') ?? '');
    const response = stream('application/json');
    response.end(JSON.stringify({ StatusCode: await exit }));
  }),
  route('GET', '/containers/{}/logs', async (state, { params, query, stream }) => {
    const { process } = state.container(params[0] ?? '');
    const tail = Number(query.get('tail') ?? Number.NaN);
    const wanted = process.log.filter((entry) => truthy(query.get(entry.stream)));
    const response = stream(mediaType(process.tty));
    for (const { stream: name, time, data } of Number.isNaN(tail)
      ? wanted
      : wanted.slice(wanted.length - tail)) {
      const line = truthy(query.get('timestamps'))
        ? Buffer.concat([Buffer.from(`${time.toISOString()} `), data])
        : data;
      response.write(process.tty ? line : frame(name, line));
    }
    if (truthy(query.get('follow')) && process.exitCode === undefined) {
      process.attach({ socket: response as never, stdin: false, stdout: true, stderr: true }, false);
      await process.ended();
    }
    response.end();
  }),
  route('POST', '/containers/{}/attach', (state, { params, query, upgrade }) => {
    const { process } = state.container(params[0] ?? '');
    const wants = (name: string): boolean => truthy(query.get(name));
    const client = { stdin: wants('stdin'), stdout: wants('stdout'), stderr: wants('stderr') };
    process.attach({ socket: upgrade(mediaType(process.tty)), ...client }, wants('logs'));
  }),
  route('DELETE', '/containers/{}', async (state, { params, query, reply }) => {
    const container = state.container(params[0] ?? '');
    if (container.running && !truthy(query.get('force'))) {
      throw new FakeError(
        409,
        `cannot remove container "/${container.name}": container is running: stop the container before removing or force remove`,
      );
    }
    await stop(container, 'SIGKILL', 0);
    state.remove(container);
    reply(204);
  }),
  route('POST', '/containers/{}/exec', async (state, { params, json, reply }) => {
    const container = running(state.container(params[0] ?? ''));
    const request = await json<ExecCreateRequest>();
    const exec: FakeExec = {
      id: `${state.execs.size + 1}`.padStart(64, 'e'),
      container,
      argv: request.Cmd ?? [],
      env: request.Env ?? [],
      process: new FakeProcess(request.Tty === true, request.AttachStdin === true ? 'once' : 'closed'),
      attach: {
        stdin: request.AttachStdin === true,
        stdout: request.AttachStdout === true,
        stderr: request.AttachStderr === true,
      },
    };
    state.execs.set(exec.id, exec);
    reply(201, { Id: exec.id });
  }),
  route('POST', '/exec/{}/start', async (state, { params, json, reply, upgrade }) => {
    const exec = execOf(state, params[0]);
    if ((await json<ExecStartRequest>()).Detach === true) {
      await state.startExec(exec);
      return reply(200);
    }
    exec.process.attach({ socket: upgrade(mediaType(exec.process.tty)), ...exec.attach }, false);
    // The connection is taken: the program's output is the only way left to tell.
    await state.startExec(exec).catch(() => undefined);
  }),
  route('POST', '/exec/{}/resize', (state, { params, query, reply }) => {
    const size = [Number(query.get('h')), Number(query.get('w'))] as const;
    execOf(state, params[0]).process.events.emit('resize', ...size);
    reply(200);
  }),
  route('GET', '/exec/{}/json', (state, { params, reply }) => {
    reply(200, execInspect(execOf(state, params[0])));
  }),
];

/** As lists, and as Docker's own client sends them: `{"name":{"web":true}}`. */
function execOf(state: FakeState, id = ''): FakeExec {
  const exec = state.execs.get(id);
  if (exec === undefined) throw new FakeError(404, `No such exec instance: ${id}`);
  return exec;
}

function execInspect(exec: FakeExec): ExecInspect {
  const [entrypoint = '', ...args] = exec.argv;
  return {
    ID: exec.id,
    Running: exec.process.exitCode === undefined,
    ExitCode: exec.process.exitCode ?? null,
    ProcessConfig: { tty: exec.process.tty, entrypoint, arguments: args },
    OpenStdin: exec.attach.stdin,
    OpenStderr: exec.attach.stderr,
    OpenStdout: exec.attach.stdout,
    CanRemove: false,
    ContainerID: exec.container.id,
    DetachKeys: '',
    Pid: 4712,
  };
}
