import { readdirSync, readFileSync } from 'node:fs';

import { isErrno } from '@ns/errors';

/**
 * The container's first process: the child of systemd-nspawn that is process 1 of a pid namespace of its own.
 *
 * @param parent - The pid of systemd-nspawn.
 * @returns Undefined when there is none, or not any more.
 */
export function firstProcess(parent: number): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => isFirst(statusOf(pid), parent));
}

/** By what `/proc/PID/status` says: see proc(5), `NSpid`. */
export const isFirst = (status: string, parent: number): boolean =>
  new RegExp(String.raw`^PPid:\t${parent}$`, 'm').test(status) && /^NSpid:.*\t1$/m.test(status);

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}
