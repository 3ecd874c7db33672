import { expect, test } from 'vitest';

import { decodeWaitStatus } from './wait.js';

test.each([
  [0, { kind: 'exited', code: 0 }],
  [0x2a00, { kind: 'exited', code: 42 }],
  [9, { kind: 'signaled', signal: 9, coreDumped: false }],
  [0x8b, { kind: 'signaled', signal: 11, coreDumped: true }],
  [0x137f, { kind: 'stopped', signal: 19 }],
  [0xffff, { kind: 'continued' }],
])('status word %i', (word, status) => {
  expect(decodeWaitStatus(word)).toEqual(status);
});
