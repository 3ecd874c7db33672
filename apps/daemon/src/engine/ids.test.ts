import { describe, expect, it } from 'vitest';

import { createId, isFullId, shortId } from './ids.js';
import { createName, parseName } from './names.js';

describe('ids', () => {
  it('are 64 hexadecimal digits, and differ', () => {
    const ids = new Set(Array.from({ length: 100 }, createId));
    expect(ids.size).toBe(100);
    for (const id of ids) expect(isFullId(id)).toBe(true);
  });

  it('have a short form of 12 digits', () => {
    expect(shortId('0123456789abcdef')).toBe('0123456789ab');
  });
});

describe('names', () => {
  it('are made up as adjective_surname', () => {
    expect(createName(() => false)).toMatch(/^[a-z]+_[a-z]+$/);
  });

  it('get a number when chance does not find a free one', () => {
    expect(createName((name) => !/\d$/.test(name))).toMatch(/^[a-z]+_[a-z]+\d+$/);
  });

  it('lose the slash that clients put before them', () => {
    expect(parseName('/web-1')).toBe('web-1');
  });

  it.each(['', 'a', '-web', 'a b', 'a/b', '..', 'x'.repeat(256)])('refuse %j', (name) => {
    expect(() => parseName(name)).toThrow('only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed');
  });
});
