import type { Writable } from 'node:stream';

/** Resolves when a full stream takes more, or never will. Leaves no listener behind: a stream is full many times. */
export function room(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
