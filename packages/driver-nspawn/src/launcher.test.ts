import { describe, expect, it } from 'vitest';

import { launcherArguments, PASSED } from './launcher.js';

describe('the launcher', () => {
  it('gets paths as arguments, never as text of its script', () => {
    const joins = ["/sys/fs/cgroup/a'; rm -rf /; '/tasks"];
    const [shell, flag, script, name, ...rest] = launcherArguments(
      joins,
      '/run/$(x)/log',
      '/usr/bin/nspawn',
      ['nspawn', '--machine=$HOME'],
    );
    expect([shell, flag, name]).toEqual(['sh', '-c', 'sh']);
    expect(rest).toEqual([...joins, '--', '/run/$(x)/log', '/usr/bin/nspawn', '--machine=$HOME']);
    expect(script).not.toMatch(/rm|\$\(x\)|HOME/);
  });

  it('uses numbers that every shell can redirect, without a gap', () => {
    const { first, stdin, stdout, stderr, route, devpts, cgroup } = PASSED;
    expect([first, first + 1, stdin, stdout, stderr, route, devpts, cgroup]).toEqual([
      3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });
});
