import { setTimeout as sleep } from 'node:timers/promises';

import type { ResizeOptions } from '@ns/engine-api';

/** The size of the terminal; undefined when output is none. */
export function windowSize(stdout: NodeJS.WriteStream): ResizeOptions | undefined {
  if (!stdout.isTTY) return undefined;
  const [w, h] = stdout.getWindowSize();
  return w > 0 && h > 0 ? { h, w } : undefined;
}

/** The first sizes may come before the process does. */
const ATTEMPTS = 10;
const STEP_MS = 10;

/**
 * Keep the size of a container's terminal that of ours, until the returned function is called.
 *
 * @param resize - Tells the engine.
 * @param failed - Called when the first size could not be set.
 */
export function followWindow(
  stdout: NodeJS.WriteStream,
  resize: (size: ResizeOptions) => Promise<void>,
  failed: (error: unknown) => void,
): () => void {
  const stopped = new AbortController();
  const tell = async (): Promise<void> => {
    const size = windowSize(stdout);
    if (size !== undefined) await resize(size);
  };
  const first = async (): Promise<void> => {
    for (let attempt = 1; !stopped.signal.aborted; attempt++) {
      try {
        await tell();
        return;
      } catch (error) {
        if (attempt > ATTEMPTS) {
          failed(error);
          return;
        }
        await sleep(attempt * STEP_MS);
      }
    }
  };
  const changed = (): void => void tell().catch(() => undefined);
  stdout.on('resize', changed);
  void first();
  return () => {
    stopped.abort();
    stdout.off('resize', changed);
  };
}
