import { existsSync, readdirSync, readFileSync } from 'node:fs';

import { notFound } from './errors.js';

/** How a process is confined. */
export interface Confinement {
  /** The profile's name, or `unconfined`; profiles that are stacked are joined by `//&`. */
  readonly profile: string;
  /** `enforce`, `complain`, `kill`, `mixed`…; undefined when unconfined. */
  readonly mode: string | undefined;
}

const UNCONFINED: Confinement = { profile: 'unconfined', mode: undefined };

/** Reads what the kernel says of a process: `ns-default (enforce)`. */
export function parseConfinement(text: string): Confinement {
  // The kernel may end it with a newline or a NUL.
  const line = text.replace(/[\0\n]+$/, '');
  const [, profile = line, mode] = /^(.*) \(([a-z]+)\)$/s.exec(line) ?? [];
  return profile === 'unconfined' ? UNCONFINED : { profile, mode };
}

/**
 * The profile that confines a process: its main thread.
 *
 * @remarks
 * Reads `/proc/PID/attr/apparmor/current`, Linux 5.8. See apparmor(7).
 *
 * @param pid - As `/proc` shows it to the caller.
 * @returns `undefined` on a kernel without AppArmor.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when there is no such process.
 * @throws an error of Node's `fs` with EACCES when the caller may not look into the process.
 */
export function confinementOf(pid: number | 'self' = 'self'): Confinement | undefined {
  try {
    return parseConfinement(readFileSync(`/proc/${pid}/attr/apparmor/current`, 'utf8'));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ESRCH', 'EINVAL'].includes(code)) throw error;
    // EINVAL: AppArmor is built in and not enabled.
    if (code !== 'ESRCH' && existsSync(`/proc/${pid}/status`)) return undefined;
    throw notFound(`there is no process ${pid}`, 'pids are those that /proc shows', error);
  }
}

/** How this process is confined, without fail. */
export function ownConfinement(): Confinement {
  try {
    return confinementOf('self') ?? UNCONFINED;
  } catch {
    return UNCONFINED;
  }
}

/**
 * The processes whose main thread is confined by a profile, alone or stacked with others.
 *
 * @remarks
 * Looks at every process that `/proc` shows; those that the caller may not look into are left out.
 */
export function processesUnder(profile: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return confinementOf(pid)?.profile.split('//&').includes(profile) ?? false;
      } catch {
        return false;
      }
    });
}
