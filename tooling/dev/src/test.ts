/**
 * `./dev test`: every check, then every test, then one line that counts both.
 * `--static` leaves the tests out; other arguments go to vitest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { add, closingLine, heading, runStages, STAGES, type Counts } from './stages.ts';

function runTests(args: readonly string[]): Counts {
  heading('tests');
  const folder = mkdtempSync(join(tmpdir(), 'ns-test-'));
  const file = join(folder, 'summary.json');
  try {
    const { status } = spawnSync('pnpm', ['exec', 'vitest', 'run', ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NS_SUMMARY_FILE: file },
    });
    const counts = countsIn(file);
    // A run that failed and counts no failure died on the way.
    return status === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function countsIn(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Counts;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const args = process.argv.slice(2).filter((arg) => arg !== '--static');
let counts = runStages(STAGES);
if (!process.argv.includes('--static')) counts = add(counts, runTests(args));
process.stdout.write(`\n${closingLine(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
