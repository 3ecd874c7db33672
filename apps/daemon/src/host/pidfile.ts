import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { NsError } from '@ns/errors';

/** Says that a daemon is there. Dispose of it at the end. */
export interface Pidfile extends Disposable {
  readonly path: string;
}

/**
 * Claim a pid file, taking over one whose process is gone.
 *
 * @param what - What the file guards, for the message: `the data root /var/lib/ns`.
 * @throws {@link NsError} `ERR_NS_CONFLICT` when another daemon holds it.
 */
export function claimPidfile(path: string, what: string): Pidfile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  for (;;) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o644 });
      return { path, [Symbol.dispose]: () => release(path) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readPid(path);
    if (holder !== undefined && holder !== process.pid && isDaemon(holder)) throw inUse(path, what, holder);
    rmSync(path, { force: true });
  }
}

function release(path: string): void {
  // Another daemon may have taken it over when it took us for dead.
  if (readPid(path) === process.pid) rmSync(path, { force: true });
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the process is a daemon: its number may have been given to another program after a crash. */
function isDaemon(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('ns-daemon');
  } catch {
    return false;
  }
}

const inUse = (path: string, what: string, pid: number): NsError =>
  new NsError('ERR_NS_CONFLICT', {
    operation: 'start ns-daemon',
    message: `a daemon with process id ${pid} already uses ${what}`,
    path,
    hint: `Stop it first (kill ${pid}), or give this one a data root, an exec root and a socket of its own.`,
  });
