import { readFileSync } from 'node:fs';

import { type CapabilitySets, parseStatus } from './mask.js';

/**
 * The sets of a process, by default this one.
 *
 * @param pid - A pid, as `/proc` shows it to the caller. See proc(5), `status`.
 * @throws an error of Node's `fs` when there is no such process.
 */
export function capabilitiesOf(pid: number | 'self' = 'self'): CapabilitySets {
  return parseStatus(readFileSync(`/proc/${pid}/status`, 'latin1'));
}

/** The number of the running kernel's last capability. See capabilities(7), `/proc/sys/kernel/cap_last_cap`. */
export function highestCapability(): number {
  return Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1'));
}
