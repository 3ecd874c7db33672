import { describe, expect, it } from 'vitest';

import { firstArchive } from './debian.ts';

describe('firstArchive', () => {
  it.each([
    ['a line', 'deb http://host.example/debian bookworm main\n', 'http://host.example/debian'],
    [
      'a line with options, and a comment before it',
      '# deb http://old.example/debian\ndeb [signed-by=/a trusted=yes] https://host.example/debian/ bookworm main\n',
      'https://host.example/debian',
    ],
    [
      'a deb822 file',
      'Types: deb\nURIs: http://host.example/debian/\nSuites: bookworm bookworm-updates\n',
      'http://host.example/debian',
    ],
  ])('of %s', (_, list, address) => {
    expect(firstArchive(list)).toBe(address);
  });

  it('is nothing for the packages of others', () => {
    expect(firstArchive('deb https://host.example/repos/apt stable main\n')).toBeUndefined();
  });
});
