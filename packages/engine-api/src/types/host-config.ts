import type { Mount } from './mount.js';
import type { StringMap } from './primitives.js';

/** A block device's share of input and output. */
export interface WeightDevice {
  Path: string;
  /** 10 to 1000. */
  Weight: number;
}

/** A block device's limit. */
export interface ThrottleDevice {
  Path: string;
  /** Bytes, or operations, per second. */
  Rate: number;
}

/** A device node of the host that the container gets. */
export interface DeviceMapping {
  PathOnHost: string;
  PathInContainer: string;
  /** Of `r`, `w`, `m`. */
  CgroupPermissions: string;
}

/** Devices that a driver is asked for: GPUs, CDI names. */
export interface DeviceRequest {
  Driver?: string;
  /** -1 is all. */
  Count?: number;
  DeviceIDs?: string[] | null;
  /** An OR of ANDs. */
  Capabilities?: string[][] | null;
  Options?: StringMap | null;
}

/** setrlimit(2); -1 is unlimited. */
export interface Ulimit {
  /** Lower case without `RLIMIT_`: `nofile`. */
  Name: string;
  Soft: number;
  Hard: number;
}

/** What a container may use of the machine. Absent and 0 mean no limit unless said otherwise. */
export interface Resources {
  /** Relative weight, default 1024. */
  CpuShares?: number;
  /** Bytes. */
  Memory?: number;
  /** Billionths of a CPU. */
  NanoCpus?: number;
  CgroupParent?: string;
  /** 10 to 1000. */
  BlkioWeight?: number;
  BlkioWeightDevice?: WeightDevice[] | null;
  BlkioDeviceReadBps?: ThrottleDevice[] | null;
  BlkioDeviceWriteBps?: ThrottleDevice[] | null;
  BlkioDeviceReadIOps?: ThrottleDevice[] | null;
  BlkioDeviceWriteIOps?: ThrottleDevice[] | null;
  /** Microseconds. */
  CpuPeriod?: number;
  /** Microseconds in a period. */
  CpuQuota?: number;
  /** Microseconds. */
  CpuRealtimePeriod?: number;
  /** Microseconds. */
  CpuRealtimeRuntime?: number;
  /** `0-3,5` */
  CpusetCpus?: string;
  CpusetMems?: string;
  Devices?: DeviceMapping[] | null;
  DeviceCgroupRules?: string[] | null;
  DeviceRequests?: DeviceRequest[] | null;
  /** Bytes. Not on cgroup v2. */
  KernelMemory?: number;
  /** Bytes. */
  KernelMemoryTCP?: number;
  /** Bytes. */
  MemoryReservation?: number;
  /** Bytes of memory and swap together; -1 is unlimited swap. */
  MemorySwap?: number;
  /** 0 to 100; -1 or null is the default. */
  MemorySwappiness?: number | null;
  OomKillDisable?: boolean | null;
  /** 0, -1 and null are unlimited. */
  PidsLimit?: number | null;
  Ulimits?: Ulimit[] | null;
}

/** Where output is kept. */
export interface LogConfig {
  /** `json-file`, `local`, `none`… Empty is the engine's default. */
  Type: string;
  Config?: StringMap | null;
}

/** A host address of a published port. */
export interface PortBinding {
  HostIp?: string;
  /** Decimal, a range `8000-8010`, or empty: any free port. */
  HostPort?: string;
}

/** Keyed by container port: `80/tcp`. */
export type PortMap = Record<string, PortBinding[] | null>;

/** When a container is started again. Empty is `no`. */
export type RestartPolicyName = '' | 'no' | 'always' | 'unless-stopped' | 'on-failure';

/** When, and how often, a container is started again by itself. */
export interface RestartPolicy {
  Name: RestartPolicyName;
  /** With `on-failure`; 0 is without end. */
  MaximumRetryCount?: number;
}

/** The half of a container's configuration that is about the machine it runs on. */
export interface HostConfig extends Resources {
  /** `source:target[:options]`, source a host path or a volume's name. */
  Binds?: string[] | null;
  ContainerIDFile?: string;
  LogConfig?: LogConfig;
  /** `default`, `bridge`, `host`, `none`, `container:ID`, or a network's name. */
  NetworkMode?: string;
  PortBindings?: PortMap | null;
  RestartPolicy?: RestartPolicy;
  /** The engine removes the container when it has ended. */
  AutoRemove?: boolean;
  VolumeDriver?: string;
  /** `container[:ro|rw]` */
  VolumesFrom?: string[] | null;
  Mounts?: Mount[] | null;
  /** Rows and columns of the terminal the container begins with. */
  ConsoleSize?: [rows: number, columns: number];
  Annotations?: StringMap | null;
  /** With or without `CAP_`; `ALL`. */
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  /** `private`, `host`, or empty: the engine's default. */
  CgroupnsMode?: '' | 'private' | 'host';
  Dns?: string[] | null;
  DnsOptions?: string[] | null;
  DnsSearch?: string[] | null;
  /** `name:address` */
  ExtraHosts?: string[] | null;
  /** Names or ids. */
  GroupAdd?: string[] | null;
  /** `none`, `private`, `shareable`, `host`, `container:ID`. */
  IpcMode?: string;
  Cgroup?: string;
  Links?: string[] | null;
  /** -1000 to 1000. */
  OomScoreAdj?: number;
  /** `host`, `container:ID`, or empty: its own. */
  PidMode?: string;
  Privileged?: boolean;
  PublishAllPorts?: boolean;
  ReadonlyRootfs?: boolean;
  /** `no-new-privileges`, `seccomp=…`, `apparmor=…`, `label=…`, `systempaths=unconfined`. */
  SecurityOpt?: string[] | null;
  StorageOpt?: StringMap | null;
  /** Target to mount options: `{"/run": "size=64m"}`. */
  Tmpfs?: StringMap | null;
  /** `host`, or empty: its own. */
  UTSMode?: string;
  /** `host`, or empty: the engine's. */
  UsernsMode?: string;
  /** Bytes of /dev/shm; 0 is 64 MiB. */
  ShmSize?: number;
  Sysctls?: StringMap | null;
  /** The execution driver or OCI runtime. Empty is the engine's default. */
  Runtime?: string;
  /** Settings for the driver in its own words (`--lxc-conf`), as Docker's first drivers took them. */
  LxcConf?: { Key: string; Value: string }[] | null;
  /** Run a small init as process 1; null is the engine's default. */
  Init?: boolean | null;
  Isolation?: string;
  /** Null is the default list; `[]` masks nothing. */
  MaskedPaths?: string[] | null;
  ReadonlyPaths?: string[] | null;
  /**
   * An extension of ns: run from this host directory, under an overlay, instead of an image. Absolute; `Image` is then
   * empty. The directory is not written to.
   */
  NsRootfs?: string;
}
