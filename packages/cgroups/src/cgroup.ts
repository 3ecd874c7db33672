import type { CgroupEvents, CgroupWatcher } from './events.js';
import type { JoinHandle, JoinOptions } from './join.js';
import type { CgroupLayout } from './layout.js';
import type { Resources } from './resources.js';
import type { CgroupStats } from './stats/index.js';

/** How long to wait for the kernel. */
export interface Patience {
  /** Milliseconds. Default 10000. */
  readonly timeoutMs?: number;
}

/**
 * A group of processes: one directory on version 2, one in each hierarchy on version 1 and hybrid.
 *
 * Holds no descriptor: nothing has to be closed, and the group stays until {@link Cgroup.remove}.
 */
export interface Cgroup {
  readonly layout: CgroupLayout;
  /** Below every hierarchy's mount point: `/ns/web`. */
  readonly path: string;
  /** False when no hierarchy has its directory (any more). */
  readonly exists: boolean;

  /** Its directory in the hierarchy of a controller, `unified` for version 2 as such; `undefined` when there is none. */
  directory(controller: string): string | undefined;

  /**
   * Change limits of a group that may be running. What is absent stays.
   *
   * @throws NsError `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_UNSUPPORTED` as for {@link createCgroup}, `ERR_NS_CONFLICT` for a
   * memory limit below what the group uses and cannot give back; nothing was written then.
   * @throws SyscallError when the kernel refuses a value; what was written before stays.
   */
  update(resources: Resources): void;

  /** What the group has used. See {@link CgroupStats} for units. */
  stats(): CgroupStats;

  /** How often a process of the group was killed because memory ran out. The cheap part of {@link stats}. */
  oomKills(): number;

  /** The pids of its processes as this process sees them, those of groups below included; in no order. */
  processes(): number[];

  /** Move a process into the group, with all its threads. @throws SyscallError ESRCH; EBUSY on v2 when it has children with controllers. */
  add(pid: number): void;

  /** Descriptors by which a process that is being started joins the group. The caller closes them. */
  openForJoin(options?: JoinOptions): JoinHandle;

  /**
   * Stop every process of the group, also those that it is forking: resolves when all stand still.
   *
   * @throws NsError `ERR_NS_TIMEOUT`: then the group runs again. `ERR_NS_UNSUPPORTED` without a freezer.
   */
  freeze(patience?: Patience): Promise<void>;

  /** Let a frozen group run on. Nothing happens to one that runs. */
  thaw(): void;

  /** True when the group was told to freeze, by us or by a group above. */
  readonly isFrozen: boolean;

  /**
   * Kill every process, also those that are being forked meanwhile, and frozen ones: resolves when none is left. The
   * group is thawed then.
   *
   * @throws NsError `ERR_NS_TIMEOUT` when some do not end: they are in a system call that cannot be interrupted.
   */
  kill(patience?: Patience): Promise<void>;

  /**
   * Remove the group, and groups that were made below it. Processes that are about to end are waited for. Idempotent.
   *
   * @throws NsError `ERR_NS_CONFLICT` when processes are left in it: {@link kill} them first.
   */
  remove(patience?: Patience): Promise<void>;

  /** Learn of events without polling. Does not keep the process alive. */
  watch(events: CgroupEvents): CgroupWatcher;
}
