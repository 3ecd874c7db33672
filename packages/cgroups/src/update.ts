import { applyWrites, directoryIn } from './apply.js';
import { readControlIfAny } from './control-file.js';
import { assertCpusetFits } from './cpuset-fits.js';
import { attachDeviceProgram } from './device-filter.js';
import { conflict, invalid } from './errors.js';
import { hierarchyOf, type CgroupLayout } from './layout.js';
import { parseLimit } from './limit-text.js';
import { planResources, type CurrentLimits } from './plan.js';
import type { Limit, Resources } from './resources.js';
import { readLimit } from './stats/fields.js';
import { workingSetOf } from './stats/memory.js';
import { validateResources } from './validate.js';

/** See `Cgroup.update`. */
export function update(layout: CgroupLayout, path: string, resources: Resources): void {
  validateResources(resources);
  const current = currentLimits(layout, path, resources);
  const plan = planResources(resources, layout, { current });
  assertCpusetFits(resources, layout, path.slice(0, path.lastIndexOf('/')) || '/');
  assertAgrees(resources, current);
  assertRoom(layout, path, resources);
  applyWrites(layout, path, plan.writes);
  if (plan.deviceProgram !== undefined && layout.unified !== undefined) {
    attachDeviceProgram(directoryIn(layout.unified, path), plan.deviceProgram);
  }
}

/** Reads only what what is asked for depends on. */
function currentLimits(layout: CgroupLayout, path: string, resources: Resources): CurrentLimits {
  const at = (
    controller: string,
    read: (version: 1 | 2, directory: string) => CurrentLimits,
  ): CurrentLimits => {
    const hierarchy = hierarchyOf(layout, controller);
    return hierarchy === undefined ? {} : read(hierarchy.version, directoryIn(hierarchy, path));
  };
  return {
    ...(resources.memory === undefined ? {} : at('memory', currentMemory)),
    ...(resources.cpu?.periodUs === undefined && resources.cpu?.burstUs === undefined
      ? {}
      : at('cpu', currentQuota)),
    ...(resources.devices === undefined
      ? {}
      : at('devices', (_, directory) => given('deviceList', readControlIfAny(`${directory}/devices.list`)))),
  };
}

const given = <K extends keyof CurrentLimits>(key: K, value: CurrentLimits[K] | undefined): CurrentLimits =>
  value === undefined ? {} : { [key]: value };

function currentMemory(version: 1 | 2, directory: string): CurrentLimits {
  if (version === 2) return given('limitBytes', readLimit(`${directory}/memory.max`));
  return {
    ...given('limitBytes', readLimit(`${directory}/memory.limit_in_bytes`)),
    ...given('memorySwapBytes', readLimit(`${directory}/memory.memsw.limit_in_bytes`)),
  };
}

function currentQuota(version: 1 | 2, directory: string): CurrentLimits {
  const file = version === 2 ? 'cpu.max' : 'cpu.cfs_quota_us';
  const [quota] = (readControlIfAny(`${directory}/${file}`) ?? '').split(' ');
  return quota === undefined || quota === '' ? {} : { quotaUs: parseLimit(quota) };
}

const bytesOf = (limit: Limit | undefined): number =>
  limit === undefined || limit === 'unlimited' ? Infinity : limit;

/** What is given has to agree with what is kept. */
function assertAgrees({ memory, cpu }: Resources, current: CurrentLimits): void {
  const { limitBytes, memorySwapBytes } = memory ?? {};
  if (
    limitBytes === undefined &&
    memorySwapBytes !== undefined &&
    bytesOf(memorySwapBytes) < bytesOf(current.limitBytes)
  ) {
    if (current.limitBytes === undefined || current.limitBytes === 'unlimited') return;
    throw invalid(
      `the limit of memory and swap together, ${memorySwapBytes}, is below the memory limit, ${current.limitBytes}`,
      { hint: 'lower the memory limit in the same update' },
    );
  }
  if (
    limitBytes !== undefined &&
    limitBytes !== 'unlimited' &&
    memorySwapBytes === undefined &&
    limitBytes > bytesOf(current.memorySwapBytes)
  ) {
    throw invalid(
      `the memory limit, ${limitBytes}, is above the limit of memory and swap together, ${current.memorySwapBytes}`,
      { hint: 'raise the limit of memory and swap in the same update' },
    );
  }
  const quota = cpu?.quotaUs ?? current.quotaUs;
  if (cpu?.burstUs !== undefined && cpu.nanoCpus === undefined && cpu.burstUs > bytesOf(quota)) {
    throw invalid(`the cpu burst, ${cpu.burstUs} µs, is above the quota, ${quota} µs`);
  }
}

/** Version 2 would take a limit below what is used, and kill for it; version 1 would try, and may not get there. */
function assertRoom(layout: CgroupLayout, path: string, { memory }: Resources): void {
  const limit = memory?.limitBytes;
  const hierarchy = hierarchyOf(layout, 'memory');
  if (limit === undefined || limit === 'unlimited' || hierarchy === undefined) return;
  const used = workingSetOf(hierarchy.version, directoryIn(hierarchy, path));
  if (used === undefined || used <= limit) return;
  throw conflict(`the memory limit, ${limit}, is below the ${used} bytes that cgroup ${path} uses`, {
    hint: 'choose a limit above, or end processes first: the kernel would kill some',
  });
}
