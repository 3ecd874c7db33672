import type { ExecInspect } from '@ns/engine-api';
import type { ExecProcess, ProcessSpec, Stdio } from '@ns/execdriver';

import { InputHub, OutputHub } from '../stdio/hub.js';
import { withTimeout } from './actor.js';
import type { ManagedContainer, Run } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import type { CheckedExec } from './create-schema.js';
import { execHasRun, invalid, isPaused, isRestarting, noSuchExec, notRunning } from './errors.js';
import { apparmorOf, confinement } from './security.js';
import { createId } from './ids.js';
import { checkEnvironment, environmentOf } from './image-config.js';
import { hostnameOf, windowOf, workdirOf } from './spec.js';
import { startError, startExitCode } from './start-error.js';

const START_TIMEOUT_MS = 60_000;
/** How long a command that has ended can still be asked about. */
const KEPT_MS = 5 * 60_000;

/** A command run in a container: `docker exec`. */
export interface ExecSession {
  readonly id: string;
  readonly container: ManagedContainer;
  readonly request: CheckedExec;
  readonly run: Run;
  /** Resolves when the exit code is known. */
  readonly ended: Promise<void>;
  readonly end: (exitCode: number) => void;
  state: 'created' | 'running' | 'ended';
  exitCode: number | null;
  process: ExecProcess | undefined;
}

/**
 * Take note of a command that shall be run. Nothing runs yet.
 *
 * @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_INVALID_ARGUMENT`
 */
export function createExec(
  context: EngineContext,
  container: ManagedContainer,
  request: CheckedExec,
): ExecSession {
  assertExecutable(container);
  const command = request.Cmd ?? [];
  if (command.length === 0)
    throw invalid('Cmd', 'No exec command specified', 'Give the program after the container.');
  checkEnvironment(request.Env ?? []);
  workdirOf({ WorkingDir: request.WorkingDir ?? '' });
  let settle!: () => void;
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const session: ExecSession = {
    id: createId(),
    container,
    request,
    run: { output: new OutputHub(), input: new InputHub() },
    ended,
    end(exitCode) {
      session.state = 'ended';
      session.exitCode = exitCode;
      settle();
      setTimeout(() => forget(context, session), KEPT_MS).unref();
    },
    state: 'created',
    exitCode: null,
    process: undefined,
  };
  container.execs.set(session.id, session);
  context.execs.set(session.id, session);
  publish(context, container, `exec_create: ${command.join(' ')}`, { execID: session.id });
  return session;
}

function forget(context: EngineContext, session: ExecSession): void {
  session.container.execs.delete(session.id);
  context.execs.delete(session.id);
}

/** @throws {@link NsError} `ERR_NS_NOT_FOUND` */
export function findExec(context: EngineContext, id: string): ExecSession {
  const session = context.execs.get(id);
  if (session) return session;
  throw noSuchExec(id);
}

/** @throws {@link NsError} `ERR_NS_CONFLICT` when it was started before, `ERR_NS_NOT_RUNNING` */
export function checkStartable(session: ExecSession): void {
  if (session.state !== 'created') throw execHasRun(session.id);
  assertExecutable(session.container);
}

function assertExecutable({ id, isRunning, record }: ManagedContainer): void {
  if (record.state.status === 'restarting') throw isRestarting(id);
  if (record.state.status === 'paused') throw isPaused(id, 'exec');
  if (!isRunning) throw notRunning(id);
}

/**
 * Run the command. Its streams go to the session's hubs, or nowhere when it is detached.
 *
 * @throws {@link NsError} As the driver's `exec`; the session has ended then, with 126 or 127 as its exit code, and its
 * hubs are still open: whoever is connected can be told.
 */
export async function startExec(
  context: EngineContext,
  session: ExecSession,
  options: { readonly detach: boolean; readonly consoleSize?: readonly [number, number] | undefined },
): Promise<void> {
  const { container } = session;
  checkStartable(session);
  session.state = 'running';
  try {
    const process = await container.actor.run(async () => {
      assertExecutable(container);
      if (container.driver === undefined) throw notRunning(container.id);
      const spec = {
        ...processOf(context, session, options),
        ...(await apparmorOf(container.record.hostConfig)),
      };
      return withTimeout(container.driver.exec(spec), START_TIMEOUT_MS, `exec in container ${container.id}`);
    });
    session.process = process;
    publish(context, container, `exec_start: ${(session.request.Cmd ?? []).join(' ')}`, {
      execID: session.id,
    });
    session.run.input.connect(process.streams.stdin);
    session.run.output.connect(process.streams);
    follow(context, session, process);
  } catch (error) {
    const code = startExitCode(error);
    session.end(code === 127 ? 127 : 126);
    throw startError(error, session.request.Cmd?.[0] ?? '');
  }
}

function follow(context: EngineContext, session: ExecSession, process: ExecProcess): void {
  const over = async (): Promise<void> => {
    const exit = await process.wait();
    session.run.output.hurry();
    await session.run.output.drained;
    session.run.input.end();
    publish(context, session.container, 'exec_die', { execID: session.id, exitCode: String(exit.code) });
    session.end(exit.code);
  };
  over().catch((error: unknown) => {
    context.logger.error(`exec ${session.id}: its end cannot be dealt with`, error);
    session.end(126);
  });
}

function processOf(
  context: EngineContext,
  session: ExecSession,
  options: Parameters<typeof startExec>[2],
): ProcessSpec {
  const { request, container } = session;
  const { config, hostConfig } = container.record;
  const hostname = hostnameOf(container.record, context.hostname());
  const user = request.User || config.User;
  const stream = (isAttached: boolean | undefined): Stdio =>
    isAttached && !options.detach ? 'pipe' : 'null';
  const merged = { Tty: request.Tty ?? false, Env: [...(config.Env ?? []), ...(request.Env ?? [])] };
  return {
    args: request.Cmd ?? [],
    env: environmentOf(merged, hostname),
    cwd: workdirOf({ WorkingDir: request.WorkingDir || config.WorkingDir || '' }),
    ...(user ? { user } : {}),
    ...(hostConfig.GroupAdd?.length ? { groups: hostConfig.GroupAdd } : {}),
    ...(request.Tty
      ? { terminal: windowOf(options.consoleSize ?? request.ConsoleSize) }
      : {
          stdio: [
            stream(request.AttachStdin),
            stream(request.AttachStdout),
            stream(request.AttachStderr),
          ] as const,
        }),
    ...confinement(
      hostConfig,
      context.machine,
      request.Privileged || hostConfig.Privileged || false,
      container.execDriver?.info.abilities,
    ),
  };
}

/** Answer of `GET /exec/{id}/json`. */
export function inspectExec(session: ExecSession): ExecInspect {
  const { request } = session;
  const [entrypoint = '', ...args] = request.Cmd ?? [];
  return {
    ID: session.id,
    Running: session.state === 'running',
    ExitCode: session.exitCode,
    ProcessConfig: {
      tty: request.Tty ?? false,
      entrypoint,
      arguments: args,
      privileged: request.Privileged ?? false,
      ...(request.User ? { user: request.User } : {}),
    },
    OpenStdin: request.AttachStdin ?? false,
    OpenStderr: request.AttachStderr ?? false,
    OpenStdout: request.AttachStdout ?? false,
    CanRemove: session.state === 'ended',
    ContainerID: session.container.id,
    DetachKeys: request.DetachKeys ?? '',
    Pid: session.process?.pid ?? 0,
  };
}
