import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Container as DriverContainer, ExecDriver } from '@ns/execdriver';
import { NsError } from '@ns/errors';

import { linkedPorts } from '../network/links.js';
import { logLimits } from '../logs/log-config.js';
import { formatNs, nowNs } from './clock.js';
import { ManagedContainer } from './container.js';
import type { EngineContext } from './context.js';
import { ensureDriver, runtimeOf } from './driver-of.js';
import { isFullId } from './ids.js';
import { endOomWatch, watchOom } from './oom-watch.js';
import { type ContainerRecord, isRunning } from './record.js';
import { removeNow } from './remove.js';
import { parseRestartPolicy, shouldStartWithDaemon } from './restart-policy.js';
import { connect, follow, LOST_EXIT_CODE, restartLater, start } from './start.js';

const ADOPT_ATTEMPTS = 50;
const ADOPT_RETRY_MS = 100;
/** The exit of a container that has ended is on record, and told at once. */
const EXIT_MS = 2_000;

/**
 * Take up what an earlier daemon left: containers that run are adopted, those that ended meanwhile are finished with
 * their exit code, what was half made or half removed is cleaned up.
 *
 * @returns What is to be done when the API serves again: starting the containers whose restart policy says so.
 */
export async function restore(context: EngineContext): Promise<() => void> {
  const records = await context.records.load();
  const states = await statesOf(context, records);
  const marked = context.marks.all();
  const toStart: ManagedContainer[] = [];
  for (const record of records) {
    const container = newContainer(context, record);
    if (container === undefined) continue;
    context.containers.add(container);
    const own = states.get(record.id);
    container.execDriver = own;
    const driver = own === undefined ? undefined : await adopt(context, own, record.id);
    states.delete(record.id);
    const wasRunning = isRunning(record) || marked.has(record.id);
    if (wasRunning && (await isOutOfReach(context, container))) continue;
    if (wasRunning && driver !== undefined && (await hasRun(driver))) resume(context, container, driver);
    else await settle(context, container, driver, wasRunning);
    if (mayStart(container, record)) toStart.push(container);
  }
  for (const [id, driver] of states) {
    if (isKnown(context, id)) continue;
    context.logger.warn(`driver ${driver.info.name}: ${id} belongs to no container, and is removed`);
    await (await adopt(context, driver, id))?.destroy();
  }
  await removeStraySnapshots(context);
  for (const { id, record } of context.containers.all()) {
    if (isRunning(record)) context.networks.adoptLinks(id, linkedPorts(context, record));
  }
  context.networks.repair();
  return () => {
    for (const container of toStart) {
      start(context, container).catch((error: unknown) => {
        context.logger.error(`container ${container.id}: cannot be started with the daemon`, error);
      });
    }
  };
}

/** What drivers know of containers, by id: of those that an earlier daemon used. */
async function statesOf(
  { drivers, logger }: EngineContext,
  records: readonly ContainerRecord[],
): Promise<Map<string, ExecDriver>> {
  const states = new Map<string, ExecDriver>();
  const used = records.filter(isRunning).map(runtimeOf);
  for (const name of new Set([drivers.defaultName, ...drivers.withState(), ...used])) {
    try {
      const driver = await drivers.get(name);
      for (const id of await driver.list()) states.set(id, driver);
    } catch (error) {
      logger.error(`driver ${name}: its containers cannot be looked at`, error);
    }
  }
  return states;
}

/** Its driver is not there any more: what runs goes on, and nothing can be said or done about it. */
async function isOutOfReach(context: EngineContext, container: ManagedContainer): Promise<boolean> {
  if (container.execDriver !== undefined) return false;
  try {
    await ensureDriver(context, container);
    return false;
  } catch (error) {
    const name = runtimeOf(container.record);
    context.logger.error(
      `container ${container.id}: start ns-daemon with its driver ${name} to take it up`,
      error,
    );
    // Its addresses and ports are nobody else's.
    if (container.isRunning) context.networks.adopt(container.record);
    return true;
  }
}

/** Also a container whose record cannot be read: what it has on disk is somebody's data. */
const isKnown = (context: EngineContext, id: string): boolean =>
  existsSync(context.paths.container(id).directory);

/** Of containers that were never completed, or are gone. */
async function removeStraySnapshots(context: EngineContext): Promise<void> {
  for (const id of await context.images.snapshots()) {
    if (!isFullId(id) || isKnown(context, id)) continue;
    context.logger.warn(`container ${id}: its writable layer belongs to no container, and is removed`);
    await context.images.removeSnapshot(id);
  }
}

function newContainer(context: EngineContext, record: ContainerRecord): ManagedContainer | undefined {
  try {
    return new ManagedContainer(
      record,
      context.paths.container(record.id),
      logLimits(record.hostConfig.LogConfig),
    );
  } catch (error) {
    context.logger.error(`container ${record.id}: its record cannot be used`, error);
    return undefined;
  }
}

async function adopt(
  context: EngineContext,
  driver: ExecDriver,
  id: string,
): Promise<DriverContainer | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await driver.adopt(id);
    } catch (error) {
      const code = NsError.is(error) ? error.code : undefined;
      if (code === 'ERR_NS_NOT_FOUND') return undefined;
      // The daemon before has been killed, and the kernel is still at work on its descriptors.
      if (code === 'ERR_NS_CONFLICT' && attempt < ADOPT_ATTEMPTS) {
        await sleep(ADOPT_RETRY_MS);
        continue;
      }
      context.logger.error(`container ${id}: cannot be adopted`, error);
      return undefined;
    }
  }
}

/** Whether there is a run to go on with: one that never began, since the daemon before died on the way, has no exit. */
async function hasRun(driver: DriverContainer): Promise<boolean> {
  if (driver.status !== 'stopped') return driver.status !== 'created';
  return await Promise.race([
    driver.wait().then(
      () => true,
      () => false,
    ),
    sleep(EXIT_MS, true),
  ]);
}

/** It runs, or it ended and its exit is known: go on as if it had been ours all the time. */
function resume(context: EngineContext, container: ManagedContainer, driver: DriverContainer): void {
  const { state } = container.record;
  container.driver = driver;
  context.networks.adopt(container.record);
  container.log?.open();
  container.setState({
    status: driver.status === 'paused' ? 'paused' : 'running',
    pid: driver.pid ?? state.pid,
    // Started, and the daemon died before it could say so.
    ...(isRunning(container.record) ? {} : { startedAt: formatNs(nowNs()), exitCode: 0, error: '' }),
  });
  connect(context, container, driver);
  follow(context, container, driver);
  watchOom(context, container);
  void container.actor.run(async () => {
    await context.records.save(container.record);
    context.marks.clear(container.id);
  });
  context.logger.info(`container ${container.id}: adopted (${driver.status})`);
}

/** It does not run: bring its record in line with that, and remove what is left of it. */
async function settle(
  context: EngineContext,
  container: ManagedContainer,
  driver: DriverContainer | undefined,
  wasRunning: boolean,
): Promise<void> {
  await driver?.destroy();
  context.networks.disconnect(container.record);
  context.marks.clear(container.id);
  const { status } = container.record.state;
  if (container.isRunning) {
    context.logger.warn(`container ${container.id}: ended unseen`);
    container.setState({ status: 'exited', pid: 0, exitCode: LOST_EXIT_CODE, finishedAt: formatNs(nowNs()) });
    await context.records.save(container.record);
  } else if (wasRunning) {
    context.logger.warn(`container ${container.id}: its start was cut short`);
  }
  if (status === 'restarting') {
    container.restartDelayMs = Math.max(container.restartDelayMs, 100);
    restartLater(context, container);
  } else if (shouldBeGone(container.record)) {
    const volumes = container.record.hostConfig.AutoRemove ?? false;
    await container.actor.run(() => removeNow(context, container, { force: true, volumes }));
  }
}

/** The daemon before had begun to remove it, or would have done so next. */
function shouldBeGone({ state, hostConfig }: ContainerRecord): boolean {
  if (state.status === 'removing' || state.status === 'dead') return true;
  return (hostConfig.AutoRemove ?? false) && (state.status === 'exited' || state.error !== '');
}

function mayStart(container: ManagedContainer, was: ContainerRecord): boolean {
  if (container.isRunning || container.record.state.status === 'restarting') return false;
  const policy = parseRestartPolicy(was.hostConfig.RestartPolicy, was.hostConfig.AutoRemove ?? false);
  return shouldStartWithDaemon(policy, {
    running: isRunning(was),
    manuallyStopped: was.manuallyStopped,
    startedBefore: was.state.status !== 'created',
  });
}

/** The daemon closes: the next one deals with the container's end, and this one does not any more. */
export function letGo(container: ManagedContainer): void {
  clearTimeout(container.restartTimer);
  container.driver = undefined;
  endOomWatch(container);
}

/** Every minute; a container the driver knows to have ended, and whose end never reached us, is finished. */
const CHECK_INTERVAL_MS = 60_000;

/** Look after containers whose end was missed. @returns A function that ends it. */
export function watchOver(context: EngineContext, intervalMs: number = CHECK_INTERVAL_MS): () => void {
  let suspects = new Set<ManagedContainer>();
  const timer = setInterval(() => {
    const ended = context.containers.all().filter((one) => one.isRunning && one.driver?.status === 'stopped');
    for (const container of ended) {
      // Twice in a row: the first time its end may be on the way.
      if (!suspects.has(container) || container.driver === undefined) continue;
      context.logger.warn(`container ${container.id}: its end was missed`);
      container.run.output.end();
      follow(context, container, container.driver);
    }
    suspects = new Set(ended);
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
