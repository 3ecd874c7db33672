import { spawnSync } from 'node:child_process';

/** A check that is one command. */
export interface Stage {
  readonly name: string;
  /** Arguments of pnpm. */
  readonly run: readonly string[];
}

/** How many passed, failed and were skipped. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The checks that run before the tests, in order: cheap ones first, and the build before what reads its output. */
export const STAGES: readonly Stage[] = [
  { name: 'format', run: ['run', 'format:check'] },
  { name: 'lint', run: ['run', 'lint'] },
  { name: 'boundaries', run: ['run', 'boundaries'] },
  { name: 'unused code', run: ['run', 'knip'] },
  { name: 'build', run: ['run', 'build'] },
  { name: 'types', run: ['run', 'typecheck'] },
  { name: 'packages', run: ['run', 'publint'] },
];

/** Print a heading that a reader of a long log finds again. */
export function heading(text: string): void {
  process.stdout.write(`\n\u001B[1m== ${text}\u001B[0m\n`);
}

const pnpm = (args: readonly string[]): number | null =>
  spawnSync('pnpm', args, { stdio: ['ignore', 'inherit', 'inherit'] }).status;

/** Run every stage, whatever the others did, and count. A stage that fails has printed why. */
export function runStages(stages: readonly Stage[], run: typeof pnpm = pnpm): Counts {
  const failed: string[] = [];
  for (const stage of stages) {
    heading(stage.name);
    const started = performance.now();
    const status = run(stage.run);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (status !== 0) failed.push(stage.name);
    process.stdout.write(`${stage.name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  }
  if (failed.length > 0) process.stdout.write(`\nchecks that failed: ${failed.join(', ')}\n`);
  return { passed: stages.length - failed.length, failed: failed.length, skipped: 0 };
}

/** The sum of several counts. */
export const add = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/** The closing line, in the form that machines read. */
export const closingLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;
