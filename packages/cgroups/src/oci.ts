import type { DeviceRule } from './devices.js';
import { unsupported } from './errors.js';
import type {
  BlockDevice,
  CpuResources,
  CpusetResources,
  DeviceRate,
  IoResources,
  Limit,
  MemoryResources,
  Resources,
} from './resources.js';

interface OciThrottle extends BlockDevice {
  readonly rate: number;
}

/** `linux.resources` of an OCI runtime configuration: config-linux.md, "Control groups". */
export interface OciResources {
  readonly devices?: readonly {
    readonly allow: boolean;
    readonly type?: string;
    readonly major?: number;
    readonly minor?: number;
    readonly access?: string;
  }[];
  readonly memory?: {
    readonly limit?: number;
    readonly reservation?: number;
    readonly swap?: number;
    /** Obsolete: kernels since 6.1 ignore it, and so do we, as runc does. */
    readonly kernel?: number;
    readonly kernelTCP?: number;
    readonly swappiness?: number;
    readonly disableOOMKiller?: boolean;
    readonly useHierarchy?: boolean;
    readonly checkBeforeUpdate?: boolean;
  };
  readonly cpu?: {
    readonly shares?: number;
    readonly quota?: number;
    readonly burst?: number;
    readonly period?: number;
    readonly realtimeRuntime?: number;
    readonly realtimePeriod?: number;
    readonly cpus?: string;
    readonly mems?: string;
    readonly idle?: number;
  };
  readonly pids?: { readonly limit?: number };
  readonly blockIO?: {
    readonly weight?: number;
    readonly leafWeight?: number;
    readonly weightDevice?: readonly (BlockDevice & {
      readonly weight?: number;
      readonly leafWeight?: number;
    })[];
    readonly throttleReadBpsDevice?: readonly OciThrottle[];
    readonly throttleWriteBpsDevice?: readonly OciThrottle[];
    readonly throttleReadIOPSDevice?: readonly OciThrottle[];
    readonly throttleWriteIOPSDevice?: readonly OciThrottle[];
  };
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
  readonly network?: { readonly classID?: number; readonly priorities?: readonly unknown[] };
  readonly rdma?: Readonly<Record<string, unknown>>;
  readonly unified?: Readonly<Record<string, string>>;
}

/**
 * Our form of an OCI configuration's `linux.resources`. Pure; the values are not judged, see `validateResources`.
 *
 * @remarks
 * As runc reads it: zero is "not set" and a negative limit "unlimited"; an access rule without numbers means all.
 *
 * @throws NsError `ERR_NS_UNSUPPORTED` for `network` and `rdma`, which have no controller here.
 */
export function fromOciResources(oci: OciResources): Resources {
  if ((oci.network?.classID ?? 0) !== 0 || (oci.network?.priorities ?? []).length > 0) {
    throw unsupported('network classes and priorities of an OCI configuration are not supported', {
      hint: 'leave linux.resources.network out',
    });
  }
  if (Object.keys(oci.rdma ?? {}).length > 0) {
    throw unsupported('rdma limits of an OCI configuration are not supported', {
      hint: 'on version 2 set them as unified: { "rdma.max": "DEVICE hca_handle=2" }',
    });
  }
  const { devices, hugepageLimits = [], unified = {} } = oci;
  const cpuset = compact<CpusetResources>({
    cpus: oci.cpu?.cpus || undefined,
    mems: oci.cpu?.mems || undefined,
  });
  return (
    compact<Resources>({
      memory: memoryOf(oci.memory),
      cpu: cpuOf(oci.cpu),
      cpuset,
      pids: compact({ limit: limitOf(oci.pids?.limit) }),
      io: ioOf(oci.blockIO),
      hugetlb:
        hugepageLimits.length === 0
          ? undefined
          : hugepageLimits.map(({ pageSize, limit }) => ({
              pageSize,
              limitBytes: limit < 0 ? ('unlimited' as const) : limit,
            })),
      devices: devices?.map(deviceRule),
      unified: Object.keys(unified).length === 0 ? undefined : unified,
    }) ?? {}
  );
}

const limitOf = (value: number | undefined): Limit | undefined =>
  value === undefined || value === 0 ? undefined : value < 0 ? 'unlimited' : value;

const set = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

/** The members that have a value; `undefined` when none has. */
function compact<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T | undefined {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}

const memoryOf = (memory: OciResources['memory'] = {}): MemoryResources | undefined =>
  compact<MemoryResources>({
    limitBytes: limitOf(memory.limit),
    memorySwapBytes: limitOf(memory.swap),
    reservationBytes: limitOf(memory.reservation),
    swappiness: memory.swappiness,
    oomKillDisable: memory.disableOOMKiller === true ? true : undefined,
  });

const cpuOf = (cpu: OciResources['cpu'] = {}): CpuResources | undefined =>
  compact<CpuResources>({
    shares: set(cpu.shares),
    quotaUs: limitOf(cpu.quota),
    periodUs: set(cpu.period),
    burstUs: cpu.burst,
    realtimeRuntimeUs: set(cpu.realtimeRuntime),
    realtimePeriodUs: set(cpu.realtimePeriod),
    idle: cpu.idle === undefined ? undefined : cpu.idle !== 0,
  });

function ioOf(io: OciResources['blockIO'] = {}): IoResources | undefined {
  const rates = (list: readonly OciThrottle[] | undefined): DeviceRate[] | undefined =>
    list === undefined || list.length === 0
      ? undefined
      : list.map(({ major, minor, rate }) => ({ major, minor, rate: rate > 0 ? rate : 'unlimited' }));
  const weights = (io.weightDevice ?? []).flatMap(({ major, minor, weight = 0 }) =>
    weight === 0 ? [] : [{ major, minor, weight }],
  );
  return compact<IoResources>({
    weight: set(io.weight),
    deviceWeights: weights.length === 0 ? undefined : weights,
    readBps: rates(io.throttleReadBpsDevice),
    writeBps: rates(io.throttleWriteBpsDevice),
    readIops: rates(io.throttleReadIOPSDevice),
    writeIops: rates(io.throttleWriteIOPSDevice),
  });
}

type OciDevice = NonNullable<OciResources['devices']>[number];

/** `-1` or nothing is every number; `u` is what `c` is. */
function deviceRule({ allow, type = 'a', major = -1, minor = -1, access = 'rwm' }: OciDevice): DeviceRule {
  const number = (value: number): number | '*' => (value < 0 ? '*' : value);
  const kind = type === 'u' ? 'c' : (type as DeviceRule['type']);
  return {
    allow,
    type: kind,
    major: number(major),
    minor: number(minor),
    access: access === '' ? 'rwm' : access,
  };
}
