/**
 * `./dev test`: every check, then every test, then one line that counts all. Those that are beside the sources, and then those
 * that run under a second kernel, run beside the others, which leave the second processor idle most of the time.
 * `--static` leaves the tests out; other arguments go to vitest, and leave the second kernel out.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

import { whatIsMissing } from '@ns/testing';
import { SECOND_KERNEL } from '@ns/vm/requirement';

import { add, closingLine, heading, runStages, STAGES, type Counts } from './stages.ts';

const VM = fileURLToPath(new URL('../../vm/src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ns-test-'));
process.once('exit', () => rmSync(folder, { recursive: true }));

/** A run of tests: its output goes here at once, or to a file until it is shown. */
interface Run {
  readonly counts: Promise<Counts>;
  /** Print what was kept. */
  show(): Promise<void>;
}

/** Run tests with a command that has our reporter, and count. */
function runTests(name: string, command: string, args: readonly string[], when: 'at once' | 'later'): Run {
  const summary = join(folder, `${name}.json`);
  const output = join(folder, `${name}.log`);
  const out = when === 'later' ? openSync(output, 'w') : 'inherit';
  const child = spawn(command, args, {
    stdio: ['ignore', out, out],
    env: { ...process.env, NS_SUMMARY_FILE: summary },
  });
  const counts = once(child, 'close').then(([status]) => {
    const told = countsIn(summary);
    // A run that failed and counts no failure died on the way.
    return status === 0 || told.failed > 0 ? told : { ...told, failed: 1 };
  });
  const show = async (): Promise<void> => {
    if (when === 'later') await pipeline(createReadStream(output), process.stdout, { end: false });
  };
  return { counts, show };
}

const vitest = (...args: readonly string[]): readonly string[] => ['exec', 'vitest', 'run', ...args];

/** The tests that run under the second kernel too. Where there is none, that is one skip with its reason. */
function runTestsInVm(): Run {
  const missing = whatIsMissing(SECOND_KERNEL);
  if (missing.length === 0) return runTests('vm', process.execPath, [VM, 'test'], 'later');
  const reason = missing.map((one) => one.reason).join(', ');
  // As for a single test: a machine that could install what is missing has no excuse.
  const isExcused = process.env['CI'] !== 'true' || missing.some((one) => one.installable === undefined);
  return {
    counts: Promise.resolve({ passed: 0, failed: isExcused ? 0 : 1, skipped: isExcused ? 1 : 0 }),
    show: async () => {
      process.stdout.write(
        `${isExcused ? 'skipped' : 'FAILED'}: no test ran under a second kernel: ${reason}\n`,
      );
    },
  };
}

function countsIn(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Counts;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function everyTest(): Promise<Counts> {
  const real = runTests('real', 'pnpm', vitest('--exclude', 'src/**'), 'at once');
  const unit = runTests('unit', 'pnpm', vitest('--exclude', 'test/**'), 'later');
  await unit.counts;
  const vm = runTestsInVm();
  let counts = await real.counts;
  for (const [name, run] of [
    ['tests beside the sources', unit],
    ['tests under a second kernel', vm],
  ] as const) {
    heading(name);
    counts = add(counts, await run.counts);
    await run.show();
  }
  return counts;
}

const args = process.argv.slice(2).filter((arg) => arg !== '--static');
let counts = runStages(STAGES);
if (!process.argv.includes('--static')) {
  heading('tests');
  counts = add(
    counts,
    args.length > 0 ? await runTests('some', 'pnpm', vitest(...args), 'at once').counts : await everyTest(),
  );
}
process.stdout.write(`\n${closingLine(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
