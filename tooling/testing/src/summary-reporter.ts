import { writeFileSync } from 'node:fs';

import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

import type { Missing } from './needs.ts';

/** How a run went. */
export interface Summary {
  passed: number;
  /** Failed tests, files that could not be loaded, and skips that are not allowed. */
  failed: number;
  skipped: number;
  /** Why tests were skipped, and how many for each reason. */
  reasons: Map<string, number>;
  /** Skips that fail the run. */
  forbidden: string[];
}

/**
 * Says why each skipped test was skipped, and ends the output with one plain line: `N passed, N failed, N skipped`.
 *
 * With `CI=true` a skip is a failure when the machine could have run the test: when it was for want of a package
 * that can be installed, or gave no reason through `needs()`. With `NS_SUMMARY_FILE` the counts go to that file as
 * JSON and the last line is left to whoever reads it.
 */
export default class SummaryReporter implements Reporter {
  #filtered = false;

  onInit(vitest: Vitest): void {
    // With -t, most tests are skipped because nobody asked for them.
    this.#filtered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[] = []): void {
    const summary = summarize(modules);
    if (this.#filtered) Object.assign(summary, { reasons: new Map(), forbidden: [] });
    summary.failed += errors.length;
    for (const [reason, count] of summary.reasons) process.stdout.write(`\nskipped ${count}: ${reason}`);
    const strict = process.env['CI'] === 'true';
    for (const line of summary.forbidden) process.stdout.write(`\n${strict ? 'FAILED' : 'note'}: ${line}`);
    if (strict && summary.forbidden.length > 0) {
      summary.failed += summary.forbidden.length;
      summary.skipped -= summary.forbidden.length;
      process.exitCode = 1;
    }
    const { passed, failed, skipped } = summary;
    const file = process.env['NS_SUMMARY_FILE'];
    if (file === undefined || file === '') {
      process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    } else {
      process.stdout.write('\n');
      writeFileSync(file, JSON.stringify({ passed, failed, skipped }));
    }
  }
}

/** Count the tests of a finished run. */
export function summarize(modules: readonly TestModule[]): Summary {
  const summary: Summary = { passed: 0, failed: 0, skipped: 0, reasons: new Map(), forbidden: [] };
  for (const module of modules) {
    let failures = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') summary.passed += 1;
      else if (state === 'skipped') countSkip(summary, test);
      else failures += 1;
    }
    // A file that does not load, or a hook that throws, has failed without a test that did.
    summary.failed += failures === 0 && module.state() === 'failed' ? 1 : failures;
  }
  return summary;
}

function countSkip(summary: Summary, test: TestCase): void {
  summary.skipped += 1;
  const missing = missingOf(test);
  const name = `${test.module.relativeModuleId}: ${test.fullName}`;
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  const reason = missing.map((one) => one.reason).join(', ') || (note ?? 'no reason given');
  summary.reasons.set(reason, (summary.reasons.get(reason) ?? 0) + 1);
  const installable = missing.flatMap((one) => one.installable ?? []);
  // A test that lacks something that cannot be installed too could not have run.
  if (missing.length === 0) summary.forbidden.push(`${name} was skipped without needs()`);
  else if (installable.length === missing.length) {
    summary.forbidden.push(`${name} was skipped, and could run with ${installable.join(', ')} installed`);
  }
}

/** What `needs()` said, on the test or on any suite around it. */
function missingOf(test: TestCase): Missing[] {
  const all: Missing[] = [];
  let at: TestCase | TestSuite | TestModule = test;
  while (at.type !== 'module') {
    all.push(...(at.meta().missing ?? []));
    at = at.parent;
  }
  // A test inherits its suite's meta, so that one reason may come twice.
  return all.filter((one, index) => all.findIndex((other) => other.reason === one.reason) === index);
}
