import type { Container as DriverContainer, Exit } from '@ns/execdriver';

import { formatNs, nowNs } from './clock.js';
import type { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import { disconnect } from './launch.js';
import { endOomWatch } from './oom-watch.js';
import { nextDelayMs, parseRestartPolicy, shouldRestart } from './restart-policy.js';

/** What happens to a container whose run is finished. */
export type Next = 'restart' | 'remove' | 'stay';

/**
 * Deal with the end of a run, inside the container's queue: nothing of it is left, the exit code is on disk, and whoever
 * waits is told, in this order.
 */
export async function finish(
  context: EngineContext,
  container: ManagedContainer,
  driver: DriverContainer,
  exit: Exit,
): Promise<Next> {
  if (container.driver !== driver) return 'stay';
  container.driver = undefined;
  endOomWatch(container);
  container.log?.close();
  const { hostConfig, state, manuallyStopped, restartCount } = container.record;
  const policy = parseRestartPolicy(hostConfig.RestartPolicy, hostConfig.AutoRemove ?? false);
  const isAgain = shouldRestart(policy, { exitCode: exit.code, manuallyStopped, restartCount });
  const ranMs = Math.max(0, exit.finishedAt.getTime() - Date.parse(state.startedAt));
  container.restartDelayMs = nextDelayMs(container.restartDelayMs, ranMs);
  if (isAgain) container.record = { ...container.record, restartCount: restartCount + 1 };
  container.setState({
    status: isAgain ? 'restarting' : 'exited',
    pid: 0,
    exitCode: exit.code,
    oomKilled: exit.oomKilled,
    finishedAt: formatNs(
      exit.finishedAt.getTime() > 0 ? BigInt(exit.finishedAt.getTime()) * 1_000_000n : nowNs(),
    ),
  });
  await context.records.save(container.record);
  await cleanUp(context, container, driver);
  if (exit.oomKilled && container.oomEvents === 0) publish(context, container, 'oom');
  publish(context, container, 'die', {
    exitCode: String(exit.code),
    execDuration: String(Math.floor(ranMs / 1000)),
  });
  disconnect(context, container);
  container.renewRun();
  container.announceExit();
  if (isAgain) return 'restart';
  return hostConfig.AutoRemove ? 'remove' : 'stay';
}

/** The driver's state goes when the exit code is saved, not before: a daemon that dies in between finds it there. */
async function cleanUp(
  context: EngineContext,
  container: ManagedContainer,
  driver: DriverContainer,
): Promise<void> {
  try {
    await driver.destroy();
    context.marks.clear(container.id);
  } catch (error) {
    context.logger.error(`container ${container.id}: what its run left cannot be removed`, error);
  }
}
