import { readFileSync } from 'node:fs';

import { openCgroup } from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';

/**
 * The container's first process: of those in its cgroup the one that is process 1 of the outermost pid namespace.
 *
 * @param cgroup - Its path.
 * @returns Undefined when there is none, or not any more.
 */
export function firstProcess(cgroup: string): number | undefined {
  const depths = processesOf(cgroup).flatMap((pid) => {
    const depth = depthOfFirst(statusOf(pid));
    return depth === undefined ? [] : [{ pid, depth }];
  });
  return depths.toSorted((one, other) => one.depth - other.depth)[0]?.pid;
}

/**
 * By what `/proc/PID/status` says: in how many pid namespaces process 1 of one is. See proc(5), `NSpid`.
 *
 * @returns Undefined for another process.
 */
export function depthOfFirst(status: string): number | undefined {
  const [, list] = /^NSpid:((?:\t\d+)*\t1)$/m.exec(status) ?? [];
  return list === undefined ? undefined : list.split('\t').length - 1;
}

function processesOf(cgroup: string): number[] {
  try {
    return openCgroup(cgroup).processes();
  } catch (error) {
    if (NsError.is(error) && error.code === 'ERR_NS_NOT_FOUND') return [];
    throw error;
  }
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}
