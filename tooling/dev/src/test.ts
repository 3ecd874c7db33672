/**
 * `./dev test`: every check, then every test, then those that the kernel matters for under a second kernel, then one
 * line that counts all. `--static` leaves the tests out; other arguments go to vitest, and leave the second kernel out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { whatIsMissing } from '@ns/testing';
import { SECOND_KERNEL } from '@ns/vm/requirement';

import { add, closingLine, heading, runStages, STAGES, type Counts } from './stages.ts';

const VM = fileURLToPath(new URL('../../vm/src/main.ts', import.meta.url));

/** Run tests with a command that has our reporter, and count. */
function runTests(command: string, args: readonly string[]): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'ns-test-'));
  const file = join(folder, 'summary.json');
  try {
    const { status } = spawnSync(command, args, {
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

/** The tests that run under the second kernel too. Where there is none, that is one skip with its reason. */
function runTestsInVm(): Counts {
  const missing = whatIsMissing(SECOND_KERNEL);
  if (missing.length === 0) return runTests(process.execPath, [VM, 'test']);
  const reason = missing.map((one) => one.reason).join(', ');
  // As for a single test: a machine that could install what is missing has no excuse.
  const isExcused = process.env['CI'] !== 'true' || missing.some((one) => one.installable === undefined);
  process.stdout.write(`${isExcused ? 'skipped' : 'FAILED'}: no test ran under a second kernel: ${reason}\n`);
  return { passed: 0, failed: isExcused ? 0 : 1, skipped: isExcused ? 1 : 0 };
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
if (!process.argv.includes('--static')) {
  heading('tests');
  counts = add(counts, runTests('pnpm', ['exec', 'vitest', 'run', ...args]));
  if (args.length === 0) {
    heading('tests under a second kernel');
    counts = add(counts, runTestsInVm());
  }
}
process.stdout.write(`\n${closingLine(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
