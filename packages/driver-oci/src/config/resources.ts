import {
  DOCKER_DEFAULT_DEVICES,
  weightToShares,
  type DeviceRate,
  type DeviceRule,
  type Limit,
  type OciResources,
  type Resources,
} from '@ns/cgroups';

/** What a configuration says of a container's resources, and what it cannot say. */
export interface ResourcePlan {
  readonly oci: OciResources;
  /** What the specification has no words for: to be written into the cgroup before the program starts. */
  readonly rest: Resources;
}

/**
 * `linux.resources`. Pure.
 *
 * @remarks
 * The devices are Docker's list unless the spec has its own; runtimes add those that every container has.
 */
export function ociResources(resources: Resources): ResourcePlan {
  const { memory = {}, cpu = {}, cpuset = {}, pids = {}, io = {}, hugetlb = [], unified } = resources;
  const { highBytes, lowBytes, minBytes } = memory;
  const { burstUs, idle } = cpu;
  const quota = quotaOf(cpu);
  return {
    oci: compact<OciResources>({
      devices: (resources.devices ?? DOCKER_DEFAULT_DEVICES).map(ociDevice),
      memory: compact<NonNullable<OciResources['memory']>>({
        limit: limit(memory.limitBytes),
        swap: limit(memory.memorySwapBytes),
        reservation: limit(memory.reservationBytes),
        swappiness: memory.swappiness,
        disableOOMKiller: memory.oomKillDisable,
      }),
      cpu: compact<NonNullable<OciResources['cpu']>>({
        shares: cpu.shares ?? (cpu.weight === undefined ? undefined : weightToShares(cpu.weight)),
        quota: quota.quota,
        period: quota.period,
        realtimeRuntime: cpu.realtimeRuntimeUs,
        realtimePeriod: cpu.realtimePeriodUs,
        cpus: cpuset.cpus,
        mems: cpuset.mems,
      }),
      pids: pids.limit === undefined ? {} : { limit: limit(pids.limit)! },
      blockIO: compact<NonNullable<OciResources['blockIO']>>({
        weight: io.weight,
        weightDevice: io.deviceWeights,
        throttleReadBpsDevice: rates(io.readBps),
        throttleWriteBpsDevice: rates(io.writeBps),
        throttleReadIOPSDevice: rates(io.readIops),
        throttleWriteIOPSDevice: rates(io.writeIops),
      }),
      hugepageLimits: hugetlb.map(({ pageSize, limitBytes }) => ({ pageSize, limit: limit(limitBytes)! })),
    }),
    rest: compact<Resources>({
      memory: compact({ highBytes, lowBytes, minBytes }),
      cpu: compact({ burstUs, idle }),
      unified,
    }),
  };
}

/** The members that say something. */
function compact<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  const entries = Object.entries(members).filter(
    ([, value]) =>
      value !== undefined && !(typeof value === 'object' && Object.keys(value as object).length === 0),
  );
  return Object.fromEntries(entries) as T;
}

const limit = (value: Limit | undefined): number | undefined => (value === 'unlimited' ? -1 : value);

const rates = (
  list: readonly DeviceRate[] | undefined,
): NonNullable<OciResources['blockIO']>['throttleReadBpsDevice'] =>
  list?.map(({ major, minor, rate }) => ({ major, minor, rate: rate === 'unlimited' ? 0 : rate }));

const PERIOD_US = 100_000;

function quotaOf(cpu: NonNullable<Resources['cpu']>): { readonly quota?: number; readonly period?: number } {
  if (cpu.nanoCpus !== undefined) {
    return { quota: Math.round((cpu.nanoCpus * PERIOD_US) / 1e9), period: PERIOD_US };
  }
  const quota = limit(cpu.quotaUs);
  return {
    ...(quota === undefined ? {} : { quota }),
    ...(cpu.periodUs === undefined ? {} : { period: cpu.periodUs }),
  };
}

function ociDevice({
  allow,
  type,
  major = '*',
  minor = '*',
  access = 'rwm',
}: DeviceRule): NonNullable<OciResources['devices']>[number] {
  const number = (name: string, value: number | '*'): object => (value === '*' ? {} : { [name]: value });
  return { allow, type, ...number('major', major), ...number('minor', minor), access };
}
