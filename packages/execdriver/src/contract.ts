/**
 * The execution driver contract.
 *
 * Docker 0.9 had five methods (Run, Kill, Name, Info, GetPidsForContainer); this is the same intent with today's
 * life cycle. A driver isolates containers; it knows nothing of images, names or the Docker API.
 */
import type { Duplex, Readable, Writable } from 'node:stream';

import type { CgroupStats, Resources } from '@ns/cgroups';
import type { ContainerNetwork } from '@ns/netfw';
import type { DockerProfile } from '@ns/seccomp';
import type {
  IdMapping,
  MountSpec,
  NamespaceKind,
  NamespaceSource,
  RootSpec,
  TimeOffsets,
  WindowSize,
} from '@ns/namespaces';

/** The version of this contract. A driver states the one it was written for; an engine refuses others. */
export const CONTRACT_VERSION = 1;

export type { CgroupStats, Resources } from '@ns/cgroups';
export type { ContainerInterface, ContainerNetwork, ContainerRoute } from '@ns/netfw';
export type { DockerProfile } from '@ns/seccomp';
export type {
  IdMapping,
  MountSpec,
  NamespaceKind,
  NamespaceSource,
  Propagation,
  RootSpec,
  TimeOffsets,
  WindowSize,
} from '@ns/namespaces';

/** A resource limit by its `RLIMIT_` name without the prefix, lower case: `nofile`. */
export interface Rlimit {
  readonly name: string;
  readonly soft: number | 'unlimited';
  readonly hard: number | 'unlimited';
}

/** The program that is run. */
export interface ProcessSpec {
  /** The command and its arguments; a command without a slash is looked up in the PATH of `env`. */
  readonly args: readonly string[];
  /** `NAME=value`, complete: the driver adds only HOME when it is missing, from the container's passwd file. */
  readonly env: readonly string[];
  /** Absolute, inside the container. Made when it is missing. Default `/`. */
  readonly cwd?: string;
  /** `user`, `uid`, `user:group`, `uid:gid`, as `docker run -u`; names are those of the container's files. Default root. */
  readonly user?: string;
  /** Groups in addition to the user's own, by name or id. */
  readonly groups?: readonly string[];
  /** A terminal with this first size, instead of three pipes. */
  readonly terminal?: WindowSize;
  /** Names without `CAP_`, upper case. Default: Docker's 14. A user other than root has them in its bounding set only. */
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges?: boolean;
  /** The name of a loaded AppArmor profile. Default: that of whoever starts it. */
  readonly apparmor?: string;
  /** A profile in Docker's form, which takes in OCI's: {@link DockerProfile}. Default: Docker's own. */
  readonly seccomp?: DockerProfile | 'unconfined';
  readonly rlimits?: readonly Rlimit[];
  /** -1000 to 1000. Default: inherited. */
  readonly oomScoreAdj?: number;
  /** Default 0o022. */
  readonly umask?: number;
  /** What each stream is connected to when there is no terminal. Default all `'pipe'`. */
  readonly stdio?: readonly [Stdio, Stdio, Stdio];
}

/** A stream of {@link Streams}, `/dev/null`, or a descriptor of the calling process. */
export type Stdio = 'pipe' | 'null' | { readonly fd: number };

/** Everything a driver needs to know to run a container. */
export interface ContainerSpec {
  /** Unique within the driver's state root; letters, digits, `_`, `.`, `-`, at most 128. */
  readonly id: string;
  readonly root: RootSpec;
  /** The root itself is mounted read-only (default false). Mounts on it keep their own mode. */
  readonly readonlyRoot?: boolean;
  readonly process: ProcessSpec;
  /** Default: all `'new'` but `user` and `time`, which are `'host'`. */
  readonly namespaces?: Partial<Readonly<Record<NamespaceKind, NamespaceSource>>>;
  /** Needed when `namespaces.user` is `'new'`. */
  readonly uidMap?: readonly IdMapping[];
  readonly gidMap?: readonly IdMapping[];
  /** With `namespaces.time: 'new'`: what is added to the clocks, in nanoseconds. */
  readonly timeOffsets?: TimeOffsets;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly mounts?: readonly MountSpec[];
  /** Docker's default mounts (proc, dev, devpts, shm, mqueue, sys, cgroup). Default true. */
  readonly defaultMounts?: boolean;
  /** Bytes of /dev/shm. Default 64 MiB. */
  readonly shmSizeBytes?: number;
  /** Default: Docker's lists. Missing paths are passed over. */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  /** Namespaced sysctls by dotted name: `net.core.somaxconn`. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /**
   * What it may use of the machine. `devices` is Docker's list when it is absent; everything else is then without limit.
   */
  readonly resources?: Resources;
  /**
   * Path of its cgroup below the mount points of the hierarchies: `/ns/web`. It must not exist, and is removed with the
   * container. Default: `/ns-HASH-ID`, where the hash is that of the state root.
   */
  readonly cgroup?: string;
  /**
   * Interfaces beside `lo`, with their addresses and routes. Needs a net namespace of its own; bridges and parents of
   * the host must exist. The interfaces are gone with the namespace.
   */
  readonly network?: ContainerNetwork;
  /** Run a small init as process 1 that forwards signals and reaps (`docker run --init`). */
  readonly init?: boolean;
  /**
   * Settings in the driver's own words, in order, which it passes on as they are: `docker run --lxc-conf KEY=VALUE` of
   * Docker 0.9. They mean something to one driver only, and can undo whatever the rest of the spec asks for. Keys are not
   * empty; neither has line feeds.
   */
  readonly driverConfig?: readonly (readonly [key: string, value: string])[];
}

/** How a process ended. */
export interface Exit {
  /** Docker's number: the exit status, or 128 + the signal. */
  readonly code: number;
  /** The signal's number when a signal ended it. */
  readonly signal?: number;
  /** A process of the container was killed because the container's memory ran out. */
  readonly oomKilled: boolean;
  readonly finishedAt: Date;
}

/**
 * A process's streams, seen from outside. With a terminal `stdin` and `stdout` are the terminal and `stderr` is absent.
 * Streams exist for `'pipe'` only. They must be read, or the process blocks: nothing is dropped.
 */
export interface Streams {
  /** `end()` gives the process end-of-file. If this process dies instead, stdin stays open. */
  readonly stdin?: Writable | Duplex;
  /** Ends when the last writer is gone. */
  readonly stdout?: OutputStream;
  readonly stderr?: OutputStream;
}

/**
 * An output. Where it is a pipe, `pipeFd` is the end that is read, non-blocking: bytes may be taken there instead, as long as
 * nobody reads the stream and it is not destroyed.
 */
export type OutputStream = Readable & { readonly pipeFd?: number };

/** A process that was started in a container by {@link Container.exec}. */
export interface ExecProcess {
  /** As the host sees it. */
  readonly pid: number;
  readonly streams: Streams;
  wait(): Promise<Exit>;
  /** @throws {@link NsError} `ERR_NS_NOT_RUNNING` after its end. */
  signal(signal: number): void;
  /** @throws {@link NsError} `ERR_NS_UNSUPPORTED` without a terminal. */
  resize(size: WindowSize): void;
}

/** How the state of a container's processes is written down. */
export interface CheckpointOptions {
  /** A directory of the host that does not exist, in one that does: it is made, and gone again after a failure. */
  readonly directory: string;
  /** The container goes on. Default false: it ends, as if it were killed. */
  readonly leaveRunning?: boolean;
}

/** Where a container is in its life. `stopped` is the end: it is not started again. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'stopped';

/** A container of a driver. */
export interface Container {
  readonly id: string;
  readonly status: ContainerStatus;
  /** Process 1 of the container as the host sees it; undefined unless running or paused. */
  readonly pid: number | undefined;
  /** Undefined before `start`. */
  readonly streams: Streams | undefined;
  /**
   * Run the program; resolves when it runs (its `execve` has succeeded).
   *
   * @throws {@link NsError} `ERR_NS_COMMAND_NOT_FOUND`, `ERR_NS_COMMAND_NOT_EXECUTABLE`, `ERR_NS_STEP_FAILED`…; then
   * nothing is left of the attempt and the container is `stopped`.
   */
  start(): Promise<void>;
  /** Resolves when process 1 has ended, and with a pid namespace of its own every process. May be called at any time, repeatedly. */
  wait(): Promise<Exit>;
  /** Send a signal to process 1. @throws {@link NsError} `ERR_NS_NOT_RUNNING` */
  signal(signal: number): void;
  /**
   * Run another program in the container.
   *
   * @throws as {@link Container.start}, and `ERR_NS_NOT_RUNNING`, `ERR_NS_CONFLICT` when it is paused
   */
  exec(process: ProcessSpec): Promise<ExecProcess>;
  /** @throws {@link NsError} `ERR_NS_UNSUPPORTED` without a terminal. */
  resize(size: WindowSize): void;
  /** The pids of all its processes, as the host sees them. */
  processes(): Promise<number[]>;
  /**
   * Change limits of a running container; what is absent stays.
   *
   * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_CONFLICT` (less memory than it uses), `ERR_NS_NOT_RUNNING`,
   * `ERR_NS_UNSUPPORTED`
   */
  update(resources: Resources): Promise<void>;
  /** Stop all its processes where they are; SIGKILL still ends it. @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_CONFLICT` when it is paused. */
  pause(): Promise<void>;
  /** Let a paused container run on. @throws {@link NsError} `ERR_NS_CONFLICT` when it is not paused. */
  resume(): Promise<void>;
  /** What it has used so far. @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_UNSUPPORTED` */
  stats(): Promise<CgroupStats>;
  /**
   * Write the state of its processes into a directory, from which another container of the same spec can go on.
   *
   * @remarks
   * Files are not part of it: the root has to be as it was left. Nor are connections to elsewhere, and the interfaces are made
   * anew. Of streams, what was in the pipes is lost.
   *
   * @throws {@link NsError} `ERR_NS_UNSUPPORTED` where the kernel, the machine or the container cannot, `ERR_NS_CONFLICT` when
   * the directory exists, `ERR_NS_NOT_RUNNING`
   */
  checkpoint?(options: CheckpointOptions): Promise<void>;
  /**
   * Instead of {@link Container.start}: go on from a checkpoint.
   *
   * @param directory - What {@link Container.checkpoint} made. It is left as it is.
   * @throws {@link NsError} as {@link Container.start}, and `ERR_NS_NOT_FOUND`, `ERR_NS_INVALID_ARGUMENT` for a directory that
   * is none, or another container's.
   */
  restore?(directory: string): Promise<void>;
  /** Kill what runs, and remove every trace. Resolves when nothing is left. Idempotent. */
  destroy(): Promise<void>;
}

/** What a driver can do, as data: an engine refuses what it cannot, with {@link assertAble}. */
export interface Abilities {
  readonly namespaces: readonly NamespaceKind[];
  /** Namespaces that can be shared with a pid or path, or with the host. */
  readonly joinNamespaces: boolean;
  readonly roots: readonly RootSpec['kind'][];
  readonly mounts: readonly MountSpec['type'][];
  readonly idMappedMounts: boolean;
  readonly readonlyRoot: boolean;
  readonly terminal: boolean;
  readonly exec: boolean;
  readonly signals: boolean;
  readonly user: boolean;
  readonly capabilities: boolean;
  readonly seccomp: boolean;
  readonly apparmor: boolean;
  readonly rlimits: boolean;
  /** Limits by cgroups, changed while it runs, and statistics. */
  readonly resources: boolean;
  readonly pause: boolean;
  readonly sysctls: boolean;
  /** Network interfaces of its own. */
  readonly network: boolean;
  readonly init: boolean;
  readonly hostname: boolean;
  /** A container goes on when the process that started it dies, and can be adopted. */
  readonly adopt: boolean;
  /** Settings in its own words, {@link ContainerSpec.driverConfig}. */
  readonly driverConfig: boolean;
  /**
   * Its containers have a kernel of their own: what `pid` and {@link Container.processes} give are the host's processes that
   * are that kernel, and a program that is executed has the pid of whoever waits for it. Default false.
   */
  readonly ownKernel?: boolean;
  /** A process can have another umask than 022. Default true. */
  readonly umask?: boolean;
  /** {@link Container.checkpoint} and {@link Container.restore}, where the kernel can. Default false. */
  readonly checkpoint?: boolean;
}

/** What a driver says of itself. */
export interface DriverInfo {
  readonly name: string;
  readonly version: string;
  readonly contract: number;
  readonly abilities: Abilities;
}

/** An execution driver. */
export interface ExecDriver {
  readonly info: DriverInfo;
  /**
   * Check the spec and claim the id. Nothing runs yet.
   *
   * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_CONFLICT` (id taken), `ERR_NS_UNSUPPORTED`.
   */
  create(spec: ContainerSpec): Promise<Container>;
  /**
   * Take charge of a container that another process of this driver created in the same state root: running, or ended
   * meanwhile (its exit is known).
   *
   * @throws {@link NsError} `ERR_NS_NOT_FOUND`
   */
  adopt(id: string): Promise<Container>;
  /** The ids that have state in the driver's state root. */
  list(): Promise<string[]>;
}

/** What a driver is told by whoever runs the engine, in its own words: `{ path: '/usr/bin/crun' }`. */
export type DriverSettings = Readonly<Record<string, string>>;

/** What every driver's factory takes. */
export interface DriverOptions {
  /** Directory for state that must outlive the process and not a reboot: `/run/ns/native`. Made when missing, mode 0700. */
  readonly stateRoot: string;
  readonly settings?: DriverSettings;
}

/** Makes a driver, touches nothing yet. */
export type DriverFactory = (options: DriverOptions) => ExecDriver;

/** Whether a driver can work on this machine. */
export interface Probe {
  readonly available: boolean;
  /** That of the real component, as it says it: `lxc 6.0.4`. */
  readonly version?: string;
  /** Why it is not available, as a sentence without a full stop: `lxc-start is not installed`. */
  readonly reason?: string;
  /** What to do about it: `apt-get install lxc`. */
  readonly hint?: string;
}

/** What the module of a driver exports, under the name `driver`. */
export interface DriverModule {
  readonly info: DriverInfo;
  /** Find out whether it can work on this machine. Makes nothing, and takes two seconds at most. Does not reject. */
  probe(settings?: DriverSettings): Promise<Probe>;
  readonly create: DriverFactory;
}
