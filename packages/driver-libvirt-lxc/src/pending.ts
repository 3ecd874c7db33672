import type { PassedInner } from '@ns/execdriver/kit';
import type { Image } from '@ns/syscall';

/** What is open between a command being prepared and its having started. */
export interface Pending extends Disposable {
  readonly inner: PassedInner;
  readonly launcher: Image;
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
