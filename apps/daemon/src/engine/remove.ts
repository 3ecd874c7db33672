import type { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import { cannotRemovePaused, cannotRemoveRunning, removalInProgress } from './errors.js';
import { removeRoot } from './root.js';
import { cancelRestart, killAndWait } from './stop.js';
import { removeVolume } from './volume-seed.js';

export interface RemoveOptions {
  /** Kill it first when it runs. */
  readonly force: boolean;
  /** Its anonymous volumes go with it. */
  readonly volumes: boolean;
}

/**
 * Remove a container and everything of it.
 *
 * @throws {@link NsError} `ERR_NS_CONFLICT` when it runs and `force` is not given, or when it is being removed already.
 */
export async function remove(
  context: EngineContext,
  container: ManagedContainer,
  options: RemoveOptions,
): Promise<void> {
  if (container.record.state.status === 'removing') throw removalInProgress(container.id);
  for (;;) {
    const { status } = container.record.state;
    if (container.isRunning || status === 'restarting') {
      if (!options.force && status === 'paused') throw cannotRemovePaused(container.record.name);
      if (!options.force) throw cannotRemoveRunning(container.record.name);
      if (!(await cancelRestart(context, container))) await killAndWait(context, container);
    }
    // It may have been started again before it was our turn.
    if (await container.actor.run(() => removeNow(context, container, options))) return;
  }
}

/** @returns False when it runs. */
export async function removeNow(
  context: EngineContext,
  container: ManagedContainer,
  options: RemoveOptions,
): Promise<boolean> {
  const { status } = container.record.state;
  if (context.containers.find(container.id) !== container) return true;
  if (container.isRunning || status === 'restarting') return false;
  container.setState({ status: 'removing' });
  try {
    await context.records.save(container.record, true);
    container.log?.remove();
    if (options.volumes) await removeVolumes(context, container);
    context.marks.clear(container.id);
    await removeRoot(context, container.record);
    await context.records.remove(container.id);
  } catch (error) {
    container.setState({ status: 'dead', error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
  for (const id of container.execs.keys()) context.execs.delete(id);
  context.containers.remove(container);
  container.renewRun();
  publish(context, container, 'destroy');
  container.announceRemoval();
  return true;
}

/** Volumes without a name of the user's, unless another container mounts them too (`--volumes-from`). */
async function removeVolumes(context: EngineContext, container: ManagedContainer): Promise<void> {
  const others = context.containers.all().filter((other) => other !== container);
  const shared = new Set(others.flatMap((other) => other.record.mounts.map((mount) => mount.point.Source)));
  for (const { point } of container.record.mounts) {
    if (point.Type !== 'volume' || shared.has(point.Source)) continue;
    await removeVolume(point.Source);
  }
}
