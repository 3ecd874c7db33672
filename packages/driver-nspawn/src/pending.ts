import { rmdirSync } from 'node:fs';

import { isErrno } from '@ns/errors';
import type { PassedInner } from '@ns/execdriver/kit';

/** What is open between a command being prepared and its having started. */
export interface Pending extends Disposable {
  readonly inner: PassedInner;
}

/** By the containers' directories. */
const pending = new Map<string, Pending>();

/** Keep it until {@link take}, or {@link abandon}. */
export const keep = (directory: string, what: Pending): unknown => pending.set(directory, what);

/** Undefined when it was abandoned in the meantime. The caller disposes of it. */
export function take(directory: string): Pending | undefined {
  const found = pending.get(directory);
  pending.delete(directory);
  return found;
}

/** Close what was kept for a start that did not come to be. */
export const abandon = (directory: string): void => take(directory)?.[Symbol.dispose]();

/** systemd-nspawn cleans up for itself where `/run` is a tmpfs; elsewhere, and when it is killed, it leaves directories. */
export function removeRuntimeDirectories(machine: string): void {
  for (const kind of ['propagate', 'unix-export']) {
    try {
      rmdirSync(`/run/systemd/nspawn/${kind}/${machine}`);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}
