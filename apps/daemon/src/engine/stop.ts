import { NsError } from '@ns/errors';

import { withTimeout } from './actor.js';
import type { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import { cannotKill } from './errors.js';
import { wake } from './pause.js';
import { parseSignal, SIGKILL, SIGTERM } from './signals.js';

/** Seconds between the stop signal and SIGKILL. */
const DEFAULT_TIMEOUT_S = 10;
/** A process that has got SIGKILL and does not end in this time hangs in the kernel. */
const KILL_TIMEOUT_MS = 10_000;

/** How a container is stopped. */
export interface StopOptions {
  /** Default: the container's stop signal, or SIGTERM. */
  readonly signal?: string | undefined;
  /** Seconds until SIGKILL; -1 waits for ever. Default: the container's, or 10. */
  readonly timeoutS?: number | undefined;
}

/**
 * Stop a container: its signal, and SIGKILL when it takes too long. The restart policy does not start it again.
 *
 * @returns False when it does not run.
 */
export async function stop(
  context: EngineContext,
  container: ManagedContainer,
  options: StopOptions = {},
): Promise<boolean> {
  const { StopSignal, StopTimeout } = container.record.config;
  const signal = parseSignal(options.signal || StopSignal || String(SIGTERM));
  const timeoutS = options.timeoutS ?? StopTimeout ?? DEFAULT_TIMEOUT_S;
  if (await cancelRestart(context, container)) return true;
  if (!container.isRunning) return false;
  const exited = container.nextExit();
  const isSent = await container.actor.run(() => send(context, container, signal, true));
  if (!isSent) return false;
  if (timeoutS < 0 || !(await isWithin(exited, timeoutS * 1000))) {
    if (timeoutS < 0) await exited;
    else await killAndWait(context, container);
  }
  publish(context, container, 'stop');
  return true;
}

/**
 * Send a signal to a container's first process. After SIGKILL, wait for its end.
 *
 * @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_INVALID_ARGUMENT` for a signal there is not.
 */
export async function kill(
  context: EngineContext,
  container: ManagedContainer,
  signalText: string,
  reference: string,
): Promise<void> {
  const signal = parseSignal(signalText || String(SIGKILL));
  if (signal === SIGKILL) {
    if (await cancelRestart(context, container)) return;
    if (!(await killAndWait(context, container))) throw cannotKill(reference, container.id);
    return;
  }
  const stopSignal = parseSignal(container.record.config.StopSignal || String(SIGTERM));
  if (!(await container.actor.run(() => send(context, container, signal, signal === stopSignal)))) {
    throw cannotKill(reference, container.id);
  }
}

/** SIGKILL, and wait for the end. @returns False when it does not run. */
export async function killAndWait(context: EngineContext, container: ManagedContainer): Promise<boolean> {
  if (!container.isRunning) return false;
  const exited = container.nextExit();
  if (!(await container.actor.run(() => send(context, container, SIGKILL, true)))) return false;
  await withTimeout(exited, KILL_TIMEOUT_MS, `kill container ${container.id}`);
  return true;
}

/**
 * End the wait of a restart policy: the container is stopped then.
 *
 * @returns False when it was not waiting.
 */
export function cancelRestart(context: EngineContext, container: ManagedContainer): Promise<boolean> {
  return container.actor.run(async () => {
    if (container.record.state.status !== 'restarting') return false;
    clearTimeout(container.restartTimer);
    container.restartTimer = undefined;
    container.record = { ...container.record, manuallyStopped: true };
    container.setState({ status: 'exited' });
    await context.records.save(container.record);
    container.announceExit();
    return true;
  });
}

/** @returns False when the container does not run (any more). */
async function send(
  context: EngineContext,
  container: ManagedContainer,
  signal: number,
  isStop: boolean,
): Promise<boolean> {
  const { driver } = container;
  if (driver === undefined) return false;
  if (isStop && !container.record.manuallyStopped) {
    // On disk before the signal is sent: a daemon that dies in between must not start the container again.
    container.record = { ...container.record, manuallyStopped: true };
    await context.records.save(container.record);
  }
  try {
    driver.signal(signal);
  } catch (error) {
    // It ended this moment; `finish` is in the queue behind us, and whoever waits for the exit gets it.
    if (NsError.is(error) && error.code === 'ERR_NS_NOT_RUNNING') return true;
    throw error;
  }
  publish(context, container, 'kill', { signal: String(signal) });
  // What is to end it would wait with the process.
  if (isStop) await wake(context, container);
  return true;
}

async function isWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(timeoutMs, 2 ** 31 - 1));
  });
  const isEnded = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return isEnded;
}
