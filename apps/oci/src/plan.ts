/**
 * What `config.json` becomes: a container as data, complete, checked, and with nothing left to look up in the bundle.
 *
 * `config/` makes it; `create` and `run` carry it out.
 */
import type { ContainerSpec, ProcessSpec } from '@ns/execdriver';
import type { IdMapping, Propagation, WindowSize } from '@ns/namespaces';

/** A container as its bundle describes it. */
export interface ContainerPlan {
  /**
   * What the contract of drivers knows. `mounts` is empty and `defaultMounts` false: {@link ContainerPlan.mounts} is
   * all there is. `process` is that of {@link ContainerPlan.process}; without one it is `args: []`.
   */
  readonly spec: ContainerSpec;
  /** Absolute, without symbolic links. */
  readonly bundle: string;
  /** Absent: the container can be created and not started. */
  readonly process?: ProcessPlan | undefined;
  readonly hooks: Hooks;
  /** In order. */
  readonly mounts: readonly OciMount[];
  /** `linux.devices`, and those that every container has, unless one of the former has their path. */
  readonly devices: readonly DeviceNode[];
  /** `linux.rootfsPropagation`; `unbindable` leaves the root out of every later copy of the mount tree. */
  readonly rootfsPropagation?: Propagation | 'unbindable' | 'runbindable' | undefined;
  /** What personality(2) is given. */
  readonly personality?: number | undefined;
  /** Host interfaces that are moved into the container's network namespace, and their names there. */
  readonly netDevices: Readonly<Record<string, string>>;
  /** SELinux label of files: the `context=` of every file system that is mounted. */
  readonly mountLabel?: string | undefined;
  /** `set_mempolicy(2)`. */
  readonly memoryPolicy?: MemoryPolicy | undefined;
  /** What `linux.cgroupsPath` says; absent: the runtime chooses. */
  readonly cgroup?: CgroupPlan | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** `ociVersion` of the configuration. */
  readonly ociVersion: string;
}

/** A process as `process` of a configuration, or the file of `exec --process`, describes it. */
export interface ProcessPlan {
  /**
   * `user` is `uid:gid` and `groups` are numbers. `stdio` are the descriptors 0 to 2 of this process, or absent with a
   * terminal. `capabilities` is the bounding set: {@link ProcessPlan.capabilities} has all five. `seccomp` is
   * `linux.seccomp`, or `'unconfined'`.
   */
  readonly spec: ProcessSpec;
  readonly uid: number;
  readonly gid: number;
  /** A terminal is made, and its master given to whoever asked for the container. */
  readonly terminal: boolean;
  /** The terminal's first size, when it is said. */
  readonly consoleSize?: WindowSize | undefined;
  /** All five are empty when the configuration says nothing. */
  readonly capabilities: CapabilitySets;
  readonly scheduler?: Scheduler | undefined;
  readonly ioPriority?: IoPriority | undefined;
  readonly execCpuAffinity?: CpuAffinity | undefined;
  /** Written to `/proc/self/attr/exec`. */
  readonly selinuxLabel?: string | undefined;
}

/** Names without `CAP_`, upper case. See capabilities(7). */
export interface CapabilitySets {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
}

/** The members of `struct sched_attr`: see sched_setattr(2). */
export interface Scheduler {
  /** `SCHED_*`. */
  readonly policy: number;
  /** `SCHED_FLAG_*`, or'ed. */
  readonly flags: number;
  readonly nice: number;
  readonly priority: number;
  /** Nanoseconds. */
  readonly runtime: bigint;
  /** Nanoseconds. */
  readonly deadline: bigint;
  /** Nanoseconds. */
  readonly period: bigint;
}

/** See ioprio_set(2): the value is `class << 13 | priority`. */
export interface IoPriority {
  /** 1 real time, 2 best effort, 3 idle. */
  readonly class: number;
  /** 0 (first) to 7. */
  readonly priority: number;
}

/** Processors of a process that joins the container: before its cgroup is entered, and after. As lists: `0-3,7`. */
export interface CpuAffinity {
  readonly initial?: string | undefined;
  readonly final?: string | undefined;
}

/** The arguments of set_mempolicy(2). */
export interface MemoryPolicy {
  /** `MPOL_*`, with the flags `MPOL_F_*`. */
  readonly mode: number;
  /** Numbers of memory nodes. */
  readonly nodes: readonly number[];
}

/** Programs that are run at points of the container's life, with its state as JSON on their standard input. */
export interface Hooks {
  /** In the runtime's namespaces, after the container's are made and before its root is changed to. */
  readonly prestart: readonly Hook[];
  /** As `prestart`, after it. */
  readonly createRuntime: readonly Hook[];
  /** In the container's namespaces, before its root is changed to; the path is the host's. */
  readonly createContainer: readonly Hook[];
  /** In the container, just before its program is executed; the path is the container's. */
  readonly startContainer: readonly Hook[];
  /** In the runtime's namespaces, after the program has been executed. */
  readonly poststart: readonly Hook[];
  /** In the runtime's namespaces, after the container is deleted. */
  readonly poststop: readonly Hook[];
}

/** One program of {@link Hooks}. */
export interface Hook {
  /** Absolute. */
  readonly path: string;
  /** With the program's name; empty: the path alone. */
  readonly args: readonly string[];
  /** All there is. */
  readonly env: readonly string[];
  /** Killed, and failed, after as many seconds. */
  readonly timeoutSeconds?: number | undefined;
}

/** A mount as the kernel's mount API takes it: fsopen(2), open_tree(2), mount_setattr(2). */
export interface OciMount {
  /** Absolute, inside the container, without `.` and `..`; not `/`. */
  readonly target: string;
  /** What fsopen(2) is given, when {@link OciMount.bind} is absent: `proc`, `tmpfs`, `cgroup` (of whatever version)… */
  readonly type: string;
  /** For binds absolute on the host; for file systems what they call their source. */
  readonly source: string;
  /** `bind`: the source's own mount only; `rbind`: those below it too. */
  readonly bind?: 'bind' | 'rbind' | undefined;
  /** No new mount: what is mounted there is changed. */
  readonly remount?: boolean | undefined;
  /** `MOUNT_ATTR_*` of the mount itself. */
  readonly attributes: MountAttributes;
  /** `MOUNT_ATTR_*` of it and of all below it (`rro`…), by mount_setattr(2) with AT_RECURSIVE. */
  readonly recursive?: MountAttributes | undefined;
  /** Options of the file system (superblock), as fsconfig(2) takes them: `size=64m`, `newinstance`, `ro`, `sync`. */
  readonly data: readonly string[];
  /** Changes of propagation, in order. */
  readonly propagation: readonly (Propagation | 'unbindable' | 'runbindable')[];
  /** Id-mapped. */
  readonly idMap?: MountIdMap | undefined;
  /** A tmpfs: filled with what the root has there. */
  readonly copyUp: boolean;
  /** The field of the configuration, for messages: `mounts[3]`. */
  readonly field: string;
}

/** What is set and cleared: `MOUNT_ATTR_*`. What is in neither stays as it is. */
export interface MountAttributes {
  readonly set: number;
  readonly clear: number;
}

/** The id map of a mount. */
export interface MountIdMap {
  /** Empty: the container's own user namespace's. */
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
  /** Of all mounts below it, too (`ridmap`). */
  readonly recursive: boolean;
}

/** A device node of the container. */
export interface DeviceNode {
  /** Absolute, inside the container. */
  readonly path: string;
  /** `p` is a fifo, which has no numbers. */
  readonly type: 'c' | 'b' | 'p';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Where the container's cgroup is. */
export type CgroupPlan =
  /** A path below the mount points of the hierarchies; relative ones are below the runtime's own choice. */
  | { readonly kind: 'path'; readonly path: string }
  /** With `--systemd-cgroup`: the unit `PREFIX-NAME.scope` in the slice, or the slice itself. */
  | { readonly kind: 'systemd'; readonly slice: string; readonly prefix: string; readonly name: string };
