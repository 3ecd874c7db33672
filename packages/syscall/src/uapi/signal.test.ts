import { expect, test } from 'vitest';

import { signalName, signalNumber, sigset } from './signal.js';

test.each([
  ['SIGTERM', 15],
  ['term', 15],
  ['15', 15],
  ['sigkill', 9],
  ['SIGRTMIN+3', 37],
  ['rtmin', 34],
  ['RTMAX-1', 63],
  ['SIGRTMAX', 64],
  ['SIGPOLL', 29],
  ['64', 64],
  ['0', undefined],
  ['65', undefined],
  ['RTMIN+31', undefined],
  ['SIGRTMIN-1', undefined],
  ['toString', undefined],
  ['', undefined],
  ['-9', undefined],
])('%s is signal %s', (text, number) => {
  expect(signalNumber(text)).toBe(number);
});

test('every signal has a name that leads back to it', () => {
  for (let signal = 1; signal <= 64; signal++) {
    if (signal === 32 || signal === 33) continue;
    expect(signalNumber(signalName(signal))).toBe(signal);
  }
  expect(signalName(33)).toBe('signal 33');
});

test('a signal set has bit n-1 for signal n', () => {
  expect(sigset(1, 9, 64)).toBe(0x8000_0000_0000_0101n);
  expect(sigset()).toBe(0n);
});
