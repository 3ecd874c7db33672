import { describe, expect, it } from 'vitest';

import { frame, unframer } from '../guest/frames.mjs';

describe('messages through a pipe', () => {
  it('come out whole and in order, however the pipe cuts them', () => {
    const messages = ['ready', { a: new Map([[1, new Error('x')]]) }, 'y'.repeat(70_000), undefined];
    const bytes = Buffer.concat(messages.map((one) => frame(one)));
    for (const size of [1, 3, 4096, bytes.length]) {
      const got: unknown[] = [];
      const take = unframer((message) => got.push(message));
      for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
      expect(got).toEqual(messages);
    }
  });
});
