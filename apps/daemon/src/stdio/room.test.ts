import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { room } from './room.js';

const listeners = (stream: PassThrough): number[] =>
  ['drain', 'close'].map((name) => stream.listenerCount(name));

describe('room', () => {
  it('is there when the reader has read, and leaves no listener', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const before = listeners(stream);
    for (let i = 0; i < 20; i++) {
      expect(stream.write('more than one byte')).toBe(false);
      const waiting = room(stream);
      stream.read();
      await waiting;
    }
    expect(listeners(stream)).toEqual(before);
  });

  it('ends with a stream that is closed', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    stream.write('full');
    const waiting = room(stream);
    stream.destroy();
    await waiting;
    expect(stream.destroyed).toBe(true);
  });
});
