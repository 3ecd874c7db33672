import { bandwidth, parseList } from './convert.js';
import { deviceState } from './devices.js';
import { invalid } from './errors.js';
import type {
  CpuResources,
  CpusetResources,
  DeviceRate,
  IoResources,
  Limit,
  MemoryResources,
  Resources,
} from './resources.js';

/** Below it a program cannot even be started. Docker asks for 6 MiB, for what its own start needs. */
const MINIMUM_MEMORY_BYTES = 512 * 1024;

const bytesOf = (limit: Limit | undefined, otherwise: number): number =>
  limit === undefined ? otherwise : limit === 'unlimited' ? Infinity : limit;

/**
 * Refuse what no kernel can do, with the reason: values out of range, and limits that contradict one another. Pure.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT`
 */
export function validateResources(resources: Resources): void {
  if (resources.memory !== undefined) validateMemory(resources.memory);
  if (resources.cpu !== undefined) validateCpu(resources.cpu);
  if (resources.cpuset !== undefined) validateCpuset(resources.cpuset);
  if (resources.pids !== undefined) wholeLimit('process limit', resources.pids.limit, 1);
  if (resources.io !== undefined) validateIo(resources.io);
  for (const { pageSize, limitBytes } of resources.hugetlb ?? []) {
    if (!/^\d+(KB|MB|GB)$/.test(pageSize)) {
      throw invalid(`huge page size ${JSON.stringify(pageSize)} is none`, {
        hint: 'for example 2MB, or 1GB',
      });
    }
    wholeLimit(`limit of ${pageSize} pages`, limitBytes, 0);
  }
  if (resources.devices !== undefined) deviceState(resources.devices);
  for (const [file, value] of Object.entries(resources.unified ?? {})) validateUnified(file, value);
}

function validateMemory(memory: MemoryResources): void {
  const { limitBytes, memorySwapBytes, reservationBytes, highBytes, lowBytes, minBytes, swappiness } = memory;
  for (const [name, value] of Object.entries({ reservationBytes, highBytes, lowBytes, minBytes })) {
    wholeLimit(`memory ${name.slice(0, -5)}`, value, 0);
  }
  wholeLimit('memory limit', limitBytes, MINIMUM_MEMORY_BYTES, '512 KiB');
  wholeLimit('limit of memory and swap', memorySwapBytes, MINIMUM_MEMORY_BYTES, '512 KiB');
  const most = bytesOf(limitBytes, Infinity);
  if (limitBytes !== undefined && bytesOf(memorySwapBytes, Infinity) < most) {
    throw invalid(
      `the limit of memory and swap together, ${memorySwapBytes}, is below the memory limit, ${limitBytes}`,
      { hint: 'it counts both: the same as the memory limit means no swap' },
    );
  }
  for (const [name, value] of Object.entries({
    reservation: reservationBytes,
    high: highBytes,
    low: lowBytes,
    min: minBytes,
  })) {
    if (value !== undefined && value !== 'unlimited' && value > most) {
      throw invalid(`memory ${name}, ${value}, is above the memory limit, ${limitBytes}`);
    }
  }
  if (bytesOf(minBytes, 0) > bytesOf(lowBytes ?? reservationBytes, Infinity)) {
    throw invalid(`memory min, ${minBytes}, is above memory low, ${lowBytes ?? reservationBytes}`);
  }
  if (lowBytes !== undefined && reservationBytes !== undefined && lowBytes !== reservationBytes) {
    throw invalid('memory low and the reservation are the same thing, and differ');
  }
  if (memory.oomKillDisable === true && limitBytes === 'unlimited') {
    throw invalid('the OOM killer is to be off for a group without a memory limit', {
      hint: 'set a memory limit: without one the whole machine would stand still',
    });
  }
  within('swappiness', swappiness, 0, 100);
}

function validateCpu(cpu: CpuResources): void {
  const { shares, weight, nanoCpus, burstUs, realtimePeriodUs, realtimeRuntimeUs } = cpu;
  within('cpu shares', shares, 2, 262_144);
  within('cpu weight', weight, 1, 10_000);
  if (shares !== undefined && weight !== undefined)
    throw invalid('cpu shares and weight are the same thing: give one');
  if (nanoCpus !== undefined && (cpu.quotaUs !== undefined || cpu.periodUs !== undefined)) {
    throw invalid('a number of cpus is a quota and a period: give one or the other');
  }
  within('number of cpus, in billionths,', nanoCpus, 10_000_000, Number.MAX_SAFE_INTEGER);
  const { quotaUs, periodUs } = bandwidth(cpu);
  within('cpu period', periodUs, 1000, 1_000_000, 'µs');
  wholeLimit('cpu quota', quotaUs, 1000, '1000 µs');
  wholeLimit('cpu burst', burstUs, 0);
  if (burstUs !== undefined && burstUs > bytesOf(quotaUs, Infinity)) {
    throw invalid(`the cpu burst, ${burstUs} µs, is above the quota, ${quotaUs} µs`);
  }
  within('real-time period', realtimePeriodUs, 1, 2 ** 31 - 1, 'µs');
  within('real-time runtime', realtimeRuntimeUs, 0, 2 ** 31 - 1, 'µs');
  if ((realtimeRuntimeUs ?? 0) > (realtimePeriodUs ?? 1_000_000)) {
    throw invalid(
      `the real-time runtime, ${realtimeRuntimeUs} µs, is above its period, ${realtimePeriodUs ?? 1_000_000} µs`,
    );
  }
  if (cpu.idle === true && (shares !== undefined || weight !== undefined)) {
    throw invalid('a group that is idle has no cpu shares');
  }
}

function validateCpuset({ cpus, mems }: CpusetResources): void {
  for (const [name, list] of Object.entries({ cpus, mems })) {
    if (list === undefined || parseList(list) !== undefined) continue;
    throw invalid(`cpuset ${name} ${JSON.stringify(list)} is no list of numbers`, {
      hint: 'for example 0-3,5',
    });
  }
}

function validateIo({ weight, deviceWeights = [], ...rates }: IoResources): void {
  within('io weight', weight, 10, 1000);
  for (const { weight: own, ...device } of deviceWeights) {
    deviceNumber(device);
    within(`io weight of ${device.major}:${device.minor}`, own, 10, 1000);
  }
  for (const [name, list] of Object.entries<readonly DeviceRate[]>(rates)) {
    for (const { rate, ...device } of list) {
      deviceNumber(device);
      wholeLimit(`${name} of ${device.major}:${device.minor}`, rate, 1);
    }
  }
}

function deviceNumber({ major, minor }: { readonly major: number; readonly minor: number }): void {
  within('major device number', major, 0, 0xfff);
  within('minor device number', minor, 0, 0xf_ffff);
}

/** Files that are no limits: what they do has its own function, or breaks what this package relies on. */
const NOT_LIMITS = /^cgroup\.(procs|threads|kill|freeze|type|subtree_control)$/;

function validateUnified(file: string, value: string): void {
  if (!/^[a-z0-9_]+(\.[A-Za-z0-9_]+)+$/.test(file)) {
    throw invalid(`${JSON.stringify(file)} is no name of a control file`, {
      hint: 'for example memory.oom.group',
    });
  }
  if (NOT_LIMITS.test(file)) throw invalid(`${file} is no limit`);
  if (value === '' || value.includes('\0')) throw invalid(`value ${JSON.stringify(value)} for ${file}`);
}

/** A whole number at or above a minimum, or no limit. */
function wholeLimit(
  name: string,
  value: Limit | undefined,
  minimum: number,
  minimumText = String(minimum),
): void {
  if (value === undefined || value === 'unlimited') return;
  if (!Number.isSafeInteger(value)) throw invalid(`${name} ${value} is no whole number`);
  if (value < minimum) throw invalid(`${name} ${value} is below the minimum of ${minimumText}`);
}

function within(name: string, value: number | undefined, least: number, most: number, unit = ''): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return;
  throw invalid(
    `${name} ${value} is not a whole number from ${least} to ${most}${unit === '' ? '' : ` ${unit}`}`,
  );
}
