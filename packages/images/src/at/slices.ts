import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long the event loop may be kept, in milliseconds. */
const SLICE_MS = 8;

/** Lets others have the event loop now and then, in work that is synchronous piece by piece. */
export class Slices {
  #started = performance.now();

  /** Wait for the next turn of the event loop when this one has lasted long enough. */
  async pause(): Promise<void> {
    if (performance.now() - this.#started < SLICE_MS) return;
    await nextTurn();
    this.#started = performance.now();
  }
}

/** Run the steps of a generator, and let others have the event loop in between. */
export async function runInSlices(steps: Iterable<void>): Promise<void> {
  const slices = new Slices();
  for (const _ of steps) await slices.pause();
}
