import type { Readable } from 'node:stream';

import type { Container as DriverContainer, Exit, OutputStream, Streams } from '@ns/execdriver';
import { readAvailable } from '@ns/syscall';

import { formatNs, nowNs } from './clock.js';
import type { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import { isRestarting, markedForRemoval, startPaused } from './errors.js';
import { finish } from './finish.js';
import { launch } from './launch.js';
import { watchOom } from './oom-watch.js';
import { remove } from './remove.js';
import { startError, startExitCode } from './start-error.js';
import type { LogFile } from '../logs/log-file.js';
import { MAX_DATA_BYTES, type StreamKind } from '../logs/record.js';
import { LoggedPipe } from '../stdio/logged-pipe.js';

/**
 * Start a container.
 *
 * @param from - A checkpoint to go on from.
 * @returns False when it runs already.
 * @throws {@link NsError} As the driver's `create` and `start`, worded for Docker's client; nothing runs then.
 */
export async function start(
  context: EngineContext,
  container: ManagedContainer,
  from?: string,
): Promise<boolean> {
  try {
    return await container.actor.run(async () => {
      const { status } = container.record.state;
      if (status === 'running') return false;
      if (status === 'paused') throw startPaused();
      if (status === 'restarting') throw isRestarting(container.id);
      if (status === 'removing' || status === 'dead') throw markedForRemoval(container.id);
      container.record = { ...container.record, restartCount: 0, manuallyStopped: false };
      container.restartDelayMs = 0;
      await startNow(context, container, from);
      return true;
    });
  } catch (error) {
    if (container.record.hostConfig.AutoRemove && !container.isRunning) {
      await remove(context, container, { force: true, volumes: true });
    }
    throw error;
  }
}

/** The same, inside the container's queue. Also for the restart policy. */
export async function startNow(
  context: EngineContext,
  container: ManagedContainer,
  from?: string,
): Promise<void> {
  try {
    const driver = await launch(context, container, from);
    container.driver = driver;
    container.setState({
      status: 'running',
      pid: driver.pid ?? 0,
      exitCode: 0,
      error: '',
      oomKilled: false,
      startedAt: formatNs(nowNs()),
    });
    connect(context, container, driver);
    follow(context, container, driver);
    publish(context, container, 'start');
    // The answer does not wait for the disk; whatever comes next for this container does.
    void container.actor.run(() => {
      watchOom(context, container);
      return saveRunning(context, container);
    });
  } catch (error) {
    const failure = startError(error, container.record.command[0] ?? '');
    container.setState({
      status: container.record.state.status === 'created' ? 'created' : 'exited',
      pid: 0,
      exitCode: startExitCode(error),
      error: failure instanceof Error ? failure.message : String(failure),
    });
    container.log?.close();
    container.renewRun();
    context.marks.clear(container.id);
    await context.records.save(container.record);
    throw failure;
  }
}

async function saveRunning(context: EngineContext, container: ManagedContainer): Promise<void> {
  // That it ran matters after a power failure only if it is to run again.
  const isKept = ['always', 'unless-stopped', 'on-failure'].includes(
    container.record.hostConfig.RestartPolicy?.Name ?? '',
  );
  await context.records.save(container.record, !isKept);
  context.marks.clear(container.id);
}

/** Connect the run's streams with the driver's. */
export function connect(context: EngineContext, container: ManagedContainer, driver: DriverContainer): void {
  const streams = driver.streams ?? {};
  const { run } = container;
  run.input.connect(streams.stdin);
  run.output.connect(
    container.log === undefined ? streams : logged(context, container, container.log, streams),
  );
}

/** Output that is in the log when it is passed on. */
function logged(
  context: EngineContext,
  container: ManagedContainer,
  log: LogFile,
  streams: Streams,
): Streams {
  let isFailing = false;
  // A full disk must not stop the container, nor its clients; it is told about once.
  const attempt = <T>(write: () => T): T | undefined => {
    try {
      const result = write();
      isFailing = false;
      return result;
    } catch (error) {
      if (!isFailing) context.logger.error(`container ${container.id}: output is not logged`, error);
      isFailing = true;
      return undefined;
    }
  };
  const through = (kind: StreamKind, output: OutputStream | undefined): Readable | undefined => {
    if (output === undefined) return undefined;
    if (output.pipeFd === undefined) {
      output.prependListener('data', (chunk: Buffer) => attempt(() => log.append(kind, chunk)));
      return output;
    }
    return new LoggedPipe(
      output,
      output.pipeFd,
      (fd) =>
        attempt(() => log.take(kind, fd)) ?? (isFailing ? readAvailable(fd, MAX_DATA_BYTES) : undefined),
    );
  };
  const [stdout, stderr] = [through('stdout', streams.stdout), through('stderr', streams.stderr)];
  return { ...(stdout === undefined ? {} : { stdout }), ...(stderr === undefined ? {} : { stderr }) };
}

/** Of a run whose end nobody saw. Docker's number. */
export const LOST_EXIT_CODE = 255;

/** When the program has ended and its output was passed on, finish the run, and do what comes after. */
export function follow(context: EngineContext, container: ManagedContainer, driver: DriverContainer): void {
  const { run } = container;
  const over = async (): Promise<void> => {
    const exit = await driver.wait().catch((error: unknown): Exit => {
      context.logger.error(`container ${container.id}: how it ended is not known`, error);
      return { code: LOST_EXIT_CODE, oomKilled: false, finishedAt: new Date() };
    });
    run.output.hurry();
    await run.output.drained;
    const next = await container.actor.run(() => finish(context, container, driver, exit));
    if (next === 'restart') restartLater(context, container);
    if (next === 'remove') await remove(context, container, { force: true, volumes: true });
  };
  over().catch((error: unknown) => {
    context.logger.error(`container ${container.id}: its end cannot be dealt with`, error);
  });
}

/** Start a container again when the delay of its restart policy is over. `stop` ends the wait. */
export function restartLater(context: EngineContext, container: ManagedContainer): void {
  container.restartTimer = setTimeout(() => {
    container.restartTimer = undefined;
    const again = container.actor.run(async () => {
      if (container.record.state.status === 'restarting') await startNow(context, container);
    });
    again.catch((error: unknown) => {
      context.logger.error(`container ${container.id}: cannot be restarted`, error);
      container.announceExit();
    });
  }, container.restartDelayMs);
}
