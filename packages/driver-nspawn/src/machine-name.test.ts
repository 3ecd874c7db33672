import { assert as assertAll, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { machineName } from './machine-name.js';

describe('the machine name', () => {
  it('begins with what can be read of the id', () => {
    expect(machineName('Web_1.front', '/run/a')).toMatch(/^web-1-front-[0-9a-f]{16}$/);
    expect(machineName('...', '/run/a')).toMatch(/^ns-[0-9a-f]{16}$/);
  });

  it('is another one for another id or directory', () => {
    const names = [machineName('a.b', '/run/a'), machineName('a_b', '/run/a'), machineName('a.b', '/run/b')];
    expect(new Set(names).size).toBe(3);
  });

  it('is a host name of at most 64 characters, whatever the id', () => {
    assertAll(
      property(string({ minLength: 1, maxLength: 128 }), (id) => {
        expect(machineName(id, '/run/a')).toMatch(/^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/);
      }),
    );
  });
});
