import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { canInstall } from './system-packages.ts';

const home = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(home, 'node_modules/.bin/vitest');

/** Run a file of fixtures/ with the reporter, as CI or not. */
function run(fixture: string, env: Record<string, string> = {}): { status: number | null; lines: string[] } {
  const { NS_SUMMARY_FILE: _, CI: __, ...rest } = process.env;
  const { status, stdout } = spawnSync(vitest, ['run', '--root', join(home, 'fixtures'), fixture], {
    encoding: 'utf8',
    env: { ...rest, ...env },
  });
  return { status, lines: stdout.trimEnd().split('\n') };
}

describe('the closing line', () => {
  it('counts, after the reasons', () => {
    const { status, lines } = run('skips');
    expect(lines.at(-1)).toBe('1 passed, 0 failed, 3 skipped');
    expect(lines).toContain('skipped 3: there is no unicorn');
    expect(status).toBe(0);
  });

  it('counts a file that does not load', () => {
    const { status, lines } = run('broken');
    expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    expect(status).toBe(1);
  });

  it('goes to a file where one is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ns-summary-'));
    const file = join(folder, 'counts.json');
    try {
      const { lines } = run('skips', { NS_SUMMARY_FILE: file });
      expect(lines.join('\n')).not.toContain('1 passed, 0 failed, 3 skipped');
      expect(existsSync(file) && JSON.parse(readFileSync(file, 'utf8'))).toEqual({
        passed: 1,
        failed: 0,
        skipped: 3,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('in CI', () => {
  it('a skip with an excuse is fine', () => {
    const { status, lines } = run('skips', { CI: 'true' });
    expect(lines.at(-1)).toBe('1 passed, 0 failed, 3 skipped');
    expect(status).toBe(0);
  });

  it('a skip without a reason fails, and not outside of it', () => {
    const strict = run('silent', { CI: 'true' });
    expect(strict.lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    expect(strict.status).toBe(1);
    expect(strict.lines).toContain('FAILED: silent.fixture.ts: gives no reason was skipped without needs()');
    expect(run('silent').status).toBe(0);
  });

  it('a skip for want of a package fails where packages can be installed', () => {
    const { status, lines } = run('installable', { CI: 'true' });
    expect(lines.at(-1)).toBe(
      canInstall() ? '0 passed, 1 failed, 0 skipped' : '0 passed, 0 failed, 1 skipped',
    );
    expect(status).toBe(canInstall() ? 1 : 0);
  });
});

describe('a file that says what it needs', () => {
  it('is not loaded without it', () => {
    const { lines } = run('rooted');
    const asRoot = ['1 passed, 0 failed, 0 skipped'];
    const asUser = ['skipped 1: not running as root', '0 passed, 0 failed, 1 skipped'];
    expect(lines).toEqual(expect.arrayContaining(process.getuid?.() === 0 ? asRoot : asUser));
  });

  it('may not need what nobody knows', () => {
    expect(run('needy').lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
  });
});
