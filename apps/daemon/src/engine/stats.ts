import { readFile, readlink } from 'node:fs/promises';
import { totalmem } from 'node:os';

import type { NetworkStats, StatsResponse } from '@ns/engine-api';
import { NsError } from '@ns/errors';
import { unable } from '@ns/execdriver';

import { formatNs, nowNs } from './clock.js';
import type { ManagedContainer } from './container.js';
import type { EngineContext } from './context.js';
import { emptyStats, parseCpuTime, parseNetDev, type Reading, statsAnswer } from './stats-answer.js';

/** Between two readings, as Docker's clients expect it. */
const INTERVAL_MS = 1000;

/** @throws {@link NsError} `ERR_NS_UNSUPPORTED` when the driver knows nothing of what its containers use. */
export function assertStats({ execDriver }: ManagedContainer): void {
  const { info } = execDriver ?? {};
  if (info && !info.abilities.resources) throw unable(info, 'stats', 'see top');
}

/**
 * One answer.
 *
 * @param isOneShot - At once, and without the reading before; else two readings, a second apart.
 */
export async function statsOnce(
  context: EngineContext,
  container: ManagedContainer,
  isOneShot: boolean,
  signal: AbortSignal,
): Promise<StatsResponse> {
  const first = await read(context, container);
  if (first === undefined) return emptyStats(subject(container));
  if (isOneShot) return statsAnswer(subject(container), first, undefined);
  if (!(await isRunningStill(container, signal))) return emptyStats(subject(container));
  const second = await read(context, container);
  return second === undefined
    ? emptyStats(subject(container))
    : statsAnswer(subject(container), second, first);
}

/** An answer each second until the container ends, or the signal is given; one, without figures, if it does not run. */
export async function* statsStream(
  context: EngineContext,
  container: ManagedContainer,
  signal: AbortSignal,
): AsyncGenerator<StatsResponse> {
  let previous: Reading | undefined;
  do {
    const reading = await read(context, container);
    if (reading === undefined) {
      if (previous === undefined) yield emptyStats(subject(container));
      return;
    }
    yield statsAnswer(subject(container), reading, previous);
    previous = reading;
  } while (await isRunningStill(container, signal));
}

const subject = ({ id, record }: ManagedContainer): { id: string; name: string } => ({
  id,
  name: record.name,
});

/** Wait for the next reading. @returns False when the container has ended meanwhile, or nobody listens any more. */
async function isRunningStill(container: ManagedContainer, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted || !container.isRunning) return false;
  const done = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), INTERVAL_MS);
  });
  const ended = container.nextExit(AbortSignal.any([signal, done.signal])).then(
    () => false,
    () => false,
  );
  const isStill = await Promise.race([passed, ended]);
  clearTimeout(timer);
  done.abort();
  return isStill;
}

/** @returns Undefined when it does not run. */
async function read(context: EngineContext, { driver }: ManagedContainer): Promise<Reading | undefined> {
  const pid = driver?.pid;
  if (driver === undefined || pid === undefined) return undefined;
  try {
    const [cgroup, stat, networks] = await Promise.all([
      driver.stats(),
      readFile('/proc/stat', 'latin1'),
      ownNetworks(pid),
    ]);
    const { version } = context.machine.support;
    return {
      at: formatNs(nowNs()),
      cgroup,
      version,
      ...parseCpuTime(stat),
      memoryBytes: totalmem(),
      networks,
    };
  } catch (error) {
    if (NsError.is(error) && error.code === 'ERR_NS_NOT_RUNNING') return undefined;
    throw error;
  }
}

/** What went through the interfaces of a network namespace that is not ours. */
async function ownNetworks(pid: number): Promise<Readonly<Record<string, NetworkStats>> | undefined> {
  try {
    const [own, ours] = await Promise.all([readlink(`/proc/${pid}/ns/net`), readlink('/proc/self/ns/net')]);
    if (own === ours) return undefined;
    return parseNetDev(await readFile(`/proc/${pid}/net/dev`, 'latin1'));
  } catch {
    // It ended this moment.
    return undefined;
  }
}
