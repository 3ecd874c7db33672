import { AT, call, cstr, group, O, OwnedFd, syscall, type Step } from '@ns/syscall';

import { directoryIn } from './apply.js';
import type { CgroupHierarchy, CgroupLayout } from './layout.js';

/** How a process is to join. */
export interface JoinOptions {
  /**
   * The version 2 hierarchy is joined at birth, by `CLONE_INTO_CGROUP` of clone3(2), Linux 5.7: it spares the kernel
   * stopping all forks for a moment. Default true.
   */
  readonly cloneInto?: boolean;
  /** The group that is joined in a hierarchy, when it is not this one. Default: this one in all. */
  readonly pathIn?: (hierarchy: CgroupHierarchy) => string;
}

/** A hierarchy that a process joins by writing to a descriptor. */
export interface JoinEntry {
  /** For messages: `memory`, `systemd`, `unified`. */
  readonly hierarchy: string;
  /** Its number in the program that joins. */
  readonly fd: number;
}

/** Descriptors of a cgroup, close-on-exec. Disposing closes them. */
export interface JoinHandle extends Disposable {
  /** The directory, for `clone_args.cgroup`. Absent when all is joined by writing. */
  readonly directory?: OwnedFd;
  /** `tasks` of version 1, `cgroup.procs` of version 2, for writing: one for each hierarchy that is joined so. To be given to {@link joinSteps}. */
  readonly entries: readonly (JoinEntry & { readonly owner: OwnedFd })[];
  /** Close all. */
  close(): void;
}

/** Open what a process needs to join. @throws SyscallError ENOENT when the group is gone; EACCES. */
export function openForJoin(layout: CgroupLayout, path: string, options: JoinOptions = {}): JoinHandle {
  const { cloneInto = true, pathIn = () => path } = options;
  const opened: OwnedFd[] = [];
  const open = (target: string, flags: number): OwnedFd => {
    const purpose = { what: `open ${target} to join it`, path: target };
    const owner = new OwnedFd(syscall(purpose, 'openat', AT.AT_FDCWD, target, flags | O.O_CLOEXEC, 0));
    opened.push(owner);
    return owner;
  };
  const close = (): void => {
    for (const owner of opened) owner.close();
  };
  try {
    const born = cloneInto ? layout.unified : undefined;
    const directory = born && open(directoryIn(born, pathIn(born)), O.O_PATH | O.O_DIRECTORY);
    const entries = layout.hierarchies.flatMap((hierarchy) => {
      if (hierarchy === born) return [];
      const owner = open(`${directoryIn(hierarchy, pathIn(hierarchy))}/${fileOf(hierarchy)}`, O.O_WRONLY);
      return [{ hierarchy: labelOf(hierarchy), fd: owner.fd, owner }];
    });
    return { ...(directory === undefined ? {} : { directory }), entries, close, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * A process has one thread when it joins. For a thread that moves itself the kernel (since 5.4) does not stop all forks, as
 * it does for a process: milliseconds. Version 2 has no such file for a group that is not threaded.
 */
const fileOf = ({ version }: CgroupHierarchy): string => (version === 1 ? 'tasks' : 'cgroup.procs');

const labelOf = ({ version, controllers, name }: CgroupHierarchy): string =>
  version === 2 ? 'unified' : controllers.length > 0 ? controllers.join(',') : (name ?? 'unnamed');

/**
 * Steps by which a process joins a cgroup, itself and what it forks later: one write(2) for each descriptor.
 *
 * @remarks
 * The kernel checks the rights of whoever opened the descriptors (since 5.16): the steps work after namespaces were
 * entered and capabilities given up. Before them nothing should be used that the group is to be charged for. The
 * descriptors stay open: the program closes them before it runs another. A cgroup namespace shows the group as its root
 * only if it is made **after** them, by unshare(2): clone3(2) makes it before it looks at `CLONE_INTO_CGROUP`.
 *
 * @param entries - Those of a {@link JoinHandle}, with the numbers that the descriptors have in the program.
 */
export function joinSteps(entries: readonly JoinEntry[]): Step[] {
  if (entries.length === 0) return [];
  return [
    group(
      'control groups',
      ...entries.map(({ hierarchy, fd }) =>
        call('write', [fd, cstr('0'), 1], {
          what: `join the ${hierarchy} cgroup`,
          object: hierarchy,
          hints: {
            EBUSY: 'on version 2 a process cannot be in a group that has others with controllers below it',
            EINVAL: 'a real-time process needs a group with a real-time budget',
            ENODEV: 'the cgroup was removed',
            ENOSPC: 'the cpuset has no processor or no memory node',
            EAGAIN: 'the group’s limit of processes is reached',
          },
        }),
      ),
    ),
  ];
}
