import { NsError } from '@ns/errors';
import { unable } from '@ns/execdriver';

import type { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import { driverOf } from './driver-of.js';
import { isPausedAlready, isRestarting, notPaused, notRunning } from './errors.js';

/**
 * Stop every process of a container where it is. Survives this daemon.
 *
 * @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_CONFLICT` when it is paused or restarting, `ERR_NS_UNSUPPORTED`
 */
export function pause(context: EngineContext, container: ManagedContainer): Promise<void> {
  return container.actor.run(async () => {
    const { driver, id } = container;
    const { status } = container.record.state;
    if (status === 'restarting') throw isRestarting(id);
    if (status === 'paused') throw isPausedAlready(id);
    if (driver === undefined || status !== 'running') throw notRunning(id);
    const { info } = driverOf(container);
    if (!info.abilities.pause) throw unable(info, 'pause', 'stop the container');
    await driver.pause();
    container.setState({ status: 'paused' });
    await context.records.save(container.record, true);
    publish(context, container, 'pause');
  });
}

/**
 * Let a paused container run on.
 *
 * @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_CONFLICT` when it is not paused
 */
export function unpause(context: EngineContext, container: ManagedContainer): Promise<void> {
  return container.actor.run(async () => {
    if (!container.isRunning) throw notRunning(container.id);
    if (container.record.state.status !== 'paused') throw notPaused(container.id);
    await wake(context, container);
  });
}

/** Inside the container's queue: let it run on if it is paused, so that it hears of a signal. */
export async function wake(context: EngineContext, container: ManagedContainer): Promise<void> {
  const { driver } = container;
  if (driver === undefined || container.record.state.status !== 'paused') return;
  try {
    // SIGKILL has woken it already.
    if (driver.status === 'paused') await driver.resume();
  } catch (error) {
    // It ended this moment; `finish` is in the queue behind us.
    if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_RUNNING') throw error;
  }
  container.setState({ status: 'running' });
  await context.records.save(container.record, true);
  publish(context, container, 'unpause');
}
