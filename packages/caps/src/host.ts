import { readdirSync, readFileSync } from 'node:fs';

import { NsError } from '@ns/errors';
import { CAP } from '@ns/syscall';

import { type CapabilitySets, parseStatus } from './mask.js';

/**
 * The sets of a process: those of its main thread. By default this process.
 *
 * @remarks
 * Capabilities belong to threads, not to processes: see {@link threadCapabilities}. See proc(5), `status`.
 *
 * @param pid - A pid, or the tid of any thread, as `/proc` shows it to the caller.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when there is no such process.
 */
export function capabilitiesOf(pid: number | 'self' = 'self'): CapabilitySets {
  return parseStatus(readProc(pid, `/proc/${pid}/status`));
}

/**
 * The sets of each thread of a process, by tid.
 *
 * @remarks
 * A thread that ends meanwhile is left out. See proc(5), `task`.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when there is no such process.
 */
export function threadCapabilities(pid: number | 'self' = 'self'): Map<number, CapabilitySets> {
  const sets = new Map<number, CapabilitySets>();
  const folder = `/proc/${pid}/task`;
  for (const tid of notGone(pid, () => readdirSync(folder))) {
    try {
      sets.set(Number(tid), parseStatus(readProc(pid, `${folder}/${tid}/status`)));
    } catch (error) {
      if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_FOUND') throw error;
    }
  }
  return sets;
}

let lastCapability: number | undefined;

/**
 * The number of the running kernel's last capability.
 *
 * @remarks
 * Read once in the life of this process: a kernel does not gain any. See capabilities(7),
 * `/proc/sys/kernel/cap_last_cap`.
 */
export function highestCapability(): number {
  lastCapability ??= Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1'));
  return lastCapability;
}

/** A capability of the running kernel. */
export interface KernelCapability {
  readonly number: number;
  /** Without `CAP_`; undefined for one that is newer than this package. */
  readonly name: string | undefined;
}

/** The capabilities of the running kernel, in the order of their numbers. */
export function kernelCapabilities(): KernelCapability[] {
  const names = new Map<number, string>(Object.entries(CAP).map(([name, number]) => [number, name.slice(4)]));
  return Array.from({ length: highestCapability() + 1 }, (_, number) => ({
    number,
    name: names.get(number),
  }));
}

/**
 * The capabilities that this process can give to another: those that the kernel knows and that are in both its
 * permitted and its bounding set.
 *
 * @remarks
 * Root of a machine may lack some: one that was itself started with fewer.
 */
export function availableCapabilities(): bigint {
  const { permitted, bounding } = capabilitiesOf();
  return permitted & bounding & ((1n << BigInt(highestCapability() + 1)) - 1n);
}

const readProc = (pid: number | 'self', path: string): string =>
  notGone(pid, () => readFileSync(path, 'latin1'));

/** Runs what reads `/proc` of a process, which may end at any time. */
function notGone<T>(pid: number | 'self', read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ESRCH comes from a file that was opened before the process was reaped.
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: 'capabilities',
      message: `there is no process ${pid}`,
      hint: 'pids are those of the pid namespace that /proc was mounted in',
      cause: error,
    });
  }
}
