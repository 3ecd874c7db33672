import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { planScript, type Plan } from './plan.ts';

const plan: Plan = {
  command: ['sh', '-c', 'printf "%s|" "$A" "$@"', 'sh', "it's", '$HOME', 'a\nb'],
  directory: '/some where',
  environment: { A: "1'2" },
  shares: [],
  keep: [],
  cgroup: 2,
  modules: '/m',
};

/** What each word of a plan is called with, as a shell reads it. */
function calls(script: string): string[] {
  const words = ['machine', 'keep', 'empty', 'restore', 'share', 'modules', 'cgroups', 'job'];
  const log = words.map((word) => `${word}() { printf '%s|' ${word} "$@"; printf '\\n'; }`).join('\n');
  return spawnSync('sh', ['-c', `${log}\n${script}`], { encoding: 'utf8' })
    .stdout.trimEnd()
    .split('|\n');
}

describe('a plan', () => {
  it('is read by a shell as it was meant', () => {
    const shares = ['/with space', "/o'clock"];
    expect(calls(planScript({ ...plan, shares, cgroup: 1 })).slice(0, 7)).toEqual([
      'machine',
      'empty|/tmp',
      'empty|/var/tmp',
      'share|share0|/with space',
      "share|share1|/o'clock",
      'modules|/m',
      'cgroups|1',
    ]);
  });

  it('keeps what is in a scratch directory, the outermost once', () => {
    const keep = ['/tmp/kept/packages', '/tmp/kept', '/work', '/tmp/kept'];
    expect(calls(planScript({ ...plan, keep })).slice(1, 5)).toEqual([
      'keep|/tmp/kept',
      'empty|/tmp',
      'empty|/var/tmp',
      'restore|/tmp/kept',
    ]);
  });

  it('hands over the words of a command', () => {
    const job = calls(planScript({ ...plan, directory: '/' }))
      .at(-1)
      ?.replace(/^job\|/, '')
      .replace(/\|$/, '');
    expect(spawnSync('sh', ['-c', job ?? '']).stdout.toString()).toBe("1'2|it's|$HOME|a\nb|");
  });
});
