import { describe, expect, it } from 'vitest';

import { DetachScanner, parseDetachKeys } from './detach-keys.js';

describe('parseDetachKeys', () => {
  it.each([
    ['', [16, 17]],
    ['ctrl-p,ctrl-q', [16, 17]],
    ['ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', [0, 27, 28, 29, 30, 31]],
    ['a,b', [97, 98]],
    ['ctrl-Z', [26]],
  ])('%j', (text, bytes) => {
    expect([...parseDetachKeys(text)]).toEqual(bytes);
  });

  it.each(['ctrl-', 'ctrl-1', 'ab', 'a,,b', 'ü'])('refuses %j', (text) => {
    expect(() => parseDetachKeys(text)).toThrow('invalid detach keys');
  });
});

describe('DetachScanner', () => {
  const scanner = (): DetachScanner => new DetachScanner(Buffer.from('ab'));
  const scan = (...inputs: string[]): [string, boolean] => {
    const one = scanner();
    let text = '';
    for (const input of inputs) {
      const { pass, detached } = one.scan(Buffer.from(input));
      text += pass.toString();
      if (detached) return [text, true];
    }
    return [text, false];
  };

  it.each([
    [['hello'], 'hello', false],
    [['xab'], 'x', true],
    [['a', 'b'], '', true],
    [['a', 'c'], 'ac', false],
    [['aab'], 'a', true],
    [['a'], '', false],
  ])('%j', (inputs, text, detached) => {
    expect(scan(...inputs)).toEqual([text, detached]);
  });
});
