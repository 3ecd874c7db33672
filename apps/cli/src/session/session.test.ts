import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DEFAULT_DETACH_KEYS, DetachFilter, parseDetachKeys } from './detach-keys.js';
import { FORWARDED } from './signals.js';

describe('detach keys', () => {
  it.each([
    ['ctrl-p,ctrl-q', '1011'],
    ['ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', '001b1c1d1e1f'],
    ['a,B,~', '61427e'],
    ['CTRL-A', '01'],
    ['', ''],
  ])('%s', (text, hex) => {
    expect(parseDetachKeys(text).toString('hex')).toBe(hex);
  });

  it.each(['ctrl-1', 'ab', 'ctrl-', 'a,', 'é'])('refuses %s', (text) => {
    expect(() => parseDetachKeys(text)).toThrow('invalid detach keys');
  });
});

describe('the filter', () => {
  const type = (keys: string, ...inputs: string[]): { data: string; detached: boolean } => {
    const filter = new DetachFilter(parseDetachKeys(keys));
    let data = '';
    for (const input of inputs) {
      const result = filter.push(Buffer.from(input, 'latin1'));
      data += result.data.toString('latin1');
      if (result.detached) return { data, detached: true };
    }
    return { data: data + filter.flush().toString('latin1'), detached: false };
  };

  it.each([
    ['whole', ['ab\x10\x11cd'], { data: 'ab', detached: true }],
    ['key by key', ['a', '\x10', '\x11'], { data: 'a', detached: true }],
    ['broken off', ['\x10', 'x'], { data: '\x10x', detached: false }],
    ['begun twice', ['\x10\x10\x11'], { data: '\x10', detached: true }],
    ['begun and ended', ['\x10'], { data: '\x10', detached: false }],
    ['backwards', ['\x11\x10'], { data: '\x11\x10', detached: false }],
  ])('%s', (_, inputs, expected) => {
    expect(type(DEFAULT_DETACH_KEYS, ...inputs)).toEqual(expected);
  });

  it('holds a beginning back until it is decided', () => {
    const filter = new DetachFilter(parseDetachKeys('a,b,a,c'));
    expect(filter.push(Buffer.from('aba')).data.toString()).toBe('');
    // The last a may begin anew.
    expect(filter.push(Buffer.from('b')).data.toString()).toBe('ab');
    expect(filter.push(Buffer.from('ac')).detached).toBe(true);
  });

  it('without keys lets everything through', () => {
    expect(type('', '\x10\x11')).toEqual({ data: '\x10\x11', detached: false });
  });

  it('finds the first occurrence and loses nothing before it, however input is cut', () => {
    const letter = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(
        fc.array(letter, { minLength: 1, maxLength: 5 }),
        fc.array(fc.string({ unit: letter, maxLength: 6 }), { maxLength: 10 }),
        (keys, inputs) => {
          const typed = inputs.join('');
          const at = typed.indexOf(keys.join(''));
          const expected = { data: at === -1 ? typed : typed.slice(0, at), detached: at !== -1 };
          expect(type(keys.join(','), ...inputs)).toEqual(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('signals that are handed on', () => {
  it('are all that a process can catch and a container may want', () => {
    expect(FORWARDED).toEqual(
      expect.arrayContaining([
        'SIGHUP',
        'SIGINT',
        'SIGQUIT',
        'SIGTERM',
        'SIGUSR1',
        'SIGUSR2',
        'SIGWINCH',
        'SIGTSTP',
      ]),
    );
    for (const own of ['SIGCHLD', 'SIGPIPE', 'SIGKILL', 'SIGSTOP', 'SIGURG', 'SIGSEGV']) {
      expect(FORWARDED).not.toContain(own);
    }
  });
});
