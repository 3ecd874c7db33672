import type { HostConfig, Resources as Limits } from '@ns/engine-api';
import { unable } from '@ns/execdriver';

import type { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import { ensureDriver } from './driver-of.js';
import type { CheckedUpdate } from './create-schema.js';
import { cannotUpdate, cannotUpdateRemoved } from './errors.js';
import type { ContainerRecord } from './record.js';
import { checkLimits } from './resource-checks.js';
import { changesOf, resourcesOf, withSwap } from './resources.js';
import { parseRestartPolicy } from './restart-policy.js';

/**
 * Change the limits and the restart policy of a container, running or not. What is not given stays.
 *
 * @returns Warnings.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_CONFLICT` for less memory than it uses. Nothing has changed
 * then.
 */
export function update(
  context: EngineContext,
  container: ManagedContainer,
  request: CheckedUpdate,
): Promise<readonly string[]> {
  return container.actor.run(async () => {
    const { record, driver, id } = container;
    const { status } = record.state;
    if (status === 'removing' || status === 'dead') throw cannotUpdateRemoved(id);
    const changes = changesOf(request as Limits);
    assertUnmixed(id, changes, record.hostConfig);
    const { limits, warnings } = checkLimits(changes, context.machine, true);
    const merged = mergeLimits(record, limits, context);
    const hostConfig = withPolicy(id, merged, request.RestartPolicy);
    const resources = resourcesOf(completed(limits, merged), context.machine);
    const isLimiting = Object.keys(resources).length > 0;
    const { info } = await ensureDriver(context, container);
    if (isLimiting && !info.abilities.resources) throw unable(info, 'update', 'create another container');
    const before = container.record;
    container.record = { ...before, hostConfig };
    try {
      await context.records.save(container.record);
      if (isLimiting && container.isRunning) await driver?.update(resources);
    } catch (error) {
      container.record = before;
      await context.records.save(before);
      throw error;
    }
    publish(context, container, 'update');
    return warnings;
  });
}

/** A number of processors is a quota and a period: what was set as one is not changed as the other. */
function assertUnmixed(id: string, changes: Limits, has: Limits): void {
  const conflicts: readonly (readonly [boolean, string])[] = [
    [
      isBoth(changes.NanoCpus, has.CpuPeriod),
      'Nano CPUs cannot be updated as CPU Period has already been set',
    ],
    [isBoth(changes.NanoCpus, has.CpuQuota), 'Nano CPUs cannot be updated as CPU Quota has already been set'],
    [
      isBoth(changes.CpuPeriod, has.NanoCpus),
      'CPU Period cannot be updated as NanoCPUs has already been set',
    ],
    [isBoth(changes.CpuQuota, has.NanoCpus), 'CPU Quota cannot be updated as NanoCPUs has already been set'],
  ];
  const found = conflicts.find(([isSo]) => isSo);
  if (found) throw cannotUpdate(id, `Conflicting options: ${found[1]}`);
}

const isBoth = (one = 0, other = 0): boolean => one > 0 && other > 0;

/** The limits that there are then, checked as a whole where they depend on one another. */
function mergeLimits(
  { id, hostConfig: has }: ContainerRecord,
  changes: Limits,
  { machine }: EngineContext,
): HostConfig {
  const swap = has.MemorySwap ?? 0;
  if (!changes.MemorySwap && swap > 0 && (changes.Memory ?? 0) > swap) {
    throw cannotUpdate(
      id,
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    );
  }
  const merged = { ...has, ...changes };
  const { Memory = 0, MemorySwap = 0, MemoryReservation = 0 } = merged;
  checkLimits({ Memory, MemorySwap, MemoryReservation }, machine, true);
  return changes.Memory && machine.support.swap ? withSwap(merged) : merged;
}

/** What control groups want to know together. */
function completed(changes: Limits, { Memory = 0, MemorySwap = 0, CpuQuota = 0 }: HostConfig): Limits {
  return {
    ...changes,
    ...(changes.Memory || changes.MemorySwap ? { Memory, MemorySwap } : {}),
    ...(changes.CpuPeriod ? { CpuQuota } : {}),
  };
}

function withPolicy(id: string, host: HostConfig, given: CheckedUpdate['RestartPolicy']): HostConfig {
  if (!given?.Name) return host;
  if (host.AutoRemove && given.Name !== 'no') {
    throw cannotUpdate(
      id,
      'Restart policy cannot be updated because AutoRemove is enabled for the container',
    );
  }
  return { ...host, RestartPolicy: parseRestartPolicy(given, false) };
}
