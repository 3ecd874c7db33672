import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { needs, REQUIREMENTS, whatIsMissing, which, type Requirement } from './needs.ts';
import { packagesOf, parsePackages } from './system-packages.ts';

const absent: Requirement = { name: 'a unicorn', missing: () => 'there is no unicorn' };

describe('needs', () => {
  it('changes nothing when the machine has everything', () => {
    expect(needs({ name: 'air', missing: () => undefined })).toEqual({});
  });

  it('skips with every reason when something is missing', () => {
    expect(needs({ name: 'air', missing: () => undefined }, absent)).toEqual({
      skip: true,
      meta: { missing: [{ reason: 'there is no unicorn' }] },
    });
  });

  it('offers the package only to a machine that can install it', () => {
    const [missing] = whatIsMissing([{ ...absent, package: 'unicorn' }]);
    const able = process.getuid?.() === 0 && which('apt-get') !== undefined;
    expect(missing).toEqual({ reason: 'there is no unicorn', ...(able ? { installable: 'unicorn' } : {}) });
  });
});

describe('which', () => {
  it('finds an executable and nothing else', () => {
    expect(which('sh')).toMatch(/\/sh$/);
    expect(which('no-such-command-here')).toBeUndefined();
  });
});

describe('package lists', () => {
  it('reads names, optional marks and reasons', () => {
    expect(parsePackages('# c\n\na  why\nb?   why not\n')).toEqual([
      { name: 'a', optional: false, reason: 'why' },
      { name: 'b', optional: true, reason: 'why not' },
    ]);
  });

  it('refuses a package without a reason', () => {
    expect(() => parsePackages('gcc\n')).toThrow('package list: gcc has no reason');
  });

  it('hold every package that a requirement names', () => {
    const listed = new Set(packagesOf('test').map((one) => one.name));
    const named = Object.values(REQUIREMENTS).flatMap((one: Requirement) => one.package ?? []);
    // util-linux is essential: every Debian has it.
    expect(named.filter((name) => !listed.has(name))).toEqual(['util-linux']);
  });

  it.each(['test', 'vm', 'bench'] as const)('%s has each package once', (list) => {
    const names = packagesOf(list).map((one) => one.name);
    expect(names).toEqual([...new Set(names)]);
  });

  it('are what ./dev reads', () => {
    const script = new URL('../../../dev', import.meta.url);
    expect(existsSync(script) && readFileSync(script, 'utf8')).toContain('tooling/apt/');
  });
});
