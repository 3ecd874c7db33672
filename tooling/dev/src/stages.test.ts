import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { add, closingLine, runStages, STAGES } from './stages.ts';

describe('stages', () => {
  it('name scripts that the root package has', () => {
    const root = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(STAGES.map(({ run }) => run[1] ?? '').filter((script) => !(script in root.scripts))).toEqual([]);
  });

  it('build before what reads dist', () => {
    const order = STAGES.map((stage) => stage.name);
    expect(order.indexOf('build')).toBeLessThan(order.indexOf('packages'));
  });
});

describe('running them', () => {
  it('goes on after a failure, and counts a death by signal as one', () => {
    const ran: string[] = [];
    const status: Record<string, number | null> = { good: 0, bad: 1, killed: null, last: 0 };
    const stages = Object.keys(status).map((name) => ({ name, run: [name] }));
    const counts = runStages(stages, ([name = '']) => {
      ran.push(name);
      return status[name] ?? null;
    });
    expect(ran).toEqual(['good', 'bad', 'killed', 'last']);
    expect(counts).toEqual({ passed: 2, failed: 2, skipped: 0 });
  });
});

describe('closing line', () => {
  it('adds up', () => {
    const sum = add({ passed: 7, failed: 0, skipped: 0 }, { passed: 3, failed: 2, skipped: 1 });
    expect(closingLine(sum)).toBe('10 passed, 2 failed, 1 skipped');
  });
});
