import type { NsError } from '@ns/errors';
import { ERRNO } from '@ns/syscall';

import { readControl, readControlIfAny, writeControl } from './control-file.js';
import { conflict, unsupported } from './errors.js';

/** The controllers that this package has limits or statistics for. */
const USED = new Set(['cpu', 'cpuset', 'io', 'memory', 'pids', 'hugetlb']);

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

/** What {@link enableControllers} is to do. */
export interface Enabling {
  /** The new cgroup's directory. */
  readonly directory: string;
  /** The directories from the given parent down to the new one's own, which are written to. */
  readonly above: readonly string[];
  /** What the machine has at the root. */
  readonly available: readonly string[];
  /** Without these it is an error. */
  readonly needed: ReadonlySet<string>;
}

/**
 * Give a new cgroup its controllers: version 2. Only files of `above` are written.
 *
 * @throws NsError `ERR_NS_CONFLICT` when a group on the way has processes of its own; `ERR_NS_UNSUPPORTED` when the
 * parent does not have a controller itself.
 */
export function enableControllers({ directory, above, available, needed }: Enabling): void {
  const wanted = available.filter((one) => USED.has(one));
  const has = new Set(words(readControl(`${directory}/cgroup.controllers`)));
  if (wanted.every((one) => has.has(one))) return;
  const enabled = above.map(
    (parent) => [`${parent}/cgroup.subtree_control`, enableIn(parent, needed)] as const,
  );
  // A parent with processes takes cpu, cpuset and pids alone, but then for groups of threads: no process could join.
  if (readControlIfAny(`${directory}/cgroup.type`)?.trim() !== 'domain invalid') return;
  for (const [file, list] of enabled.toReversed()) {
    if (list.length > 0) writeControl(file, list.map((one) => `-${one}`).join(' '), REFUSALS);
  }
  if (needed.size > 0) throw crowded(above.at(-1) ?? directory);
}

/** The controllers that were enabled in a directory for those below it. */
function enableIn(directory: string, needed: ReadonlySet<string>): string[] {
  const has = words(readControlIfAny(`${directory}/cgroup.controllers`) ?? '');
  for (const one of needed) {
    if (has.includes(one)) continue;
    throw unsupported(`the ${one} controller is not available in ${directory}`, {
      path: directory,
      hint: `write +${one} to cgroup.subtree_control of the group above, or choose another parent`,
    });
  }
  const file = `${directory}/cgroup.subtree_control`;
  const enabled = new Set(words(readControl(file)));
  const missing = has.filter((one) => USED.has(one) && !enabled.has(one));
  const plus = (list: readonly string[]): string => list.map((one) => `+${one}`).join(' ');
  if (missing.length === 0) return [];
  const result = writeControl(file, plus(missing), REFUSALS);
  if (result === 0) return missing;
  if (result === -ERRNO.EBUSY) {
    if (missing.some((one) => needed.has(one))) throw crowded(directory);
    return [];
  }
  // One that cannot be had does not take the others with it.
  return missing.filter((one) => writeControl(file, plus([one]), needed.has(one) ? [] : REFUSALS) === 0);
}

const crowded = (directory: string): NsError =>
  conflict(`${directory} has processes of its own, and so cannot give controllers to groups below it`, {
    path: directory,
    hint: 'on version 2 processes live in groups that have none below: move them into one of their own',
  });

/** What the kernel answers when it will not enable a controller here. */
const REFUSALS = [ERRNO.EBUSY, ERRNO.EINVAL, ERRNO.EOPNOTSUPP, ERRNO.ENOENT, ERRNO.EPERM, ERRNO.EACCES];
