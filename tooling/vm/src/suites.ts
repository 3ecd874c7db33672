import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { parseCLI, startVitest } from 'vitest/node';

import { project } from '@ns/testing/project';

import type { Job } from './run.ts';
import { startWorker } from './worker.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * What runs under both kernels each time: what this one alone can show, AppArmor, pure cgroup v2 and CRIU. The other packages
 * can be named; all together take a quarter of an hour.
 */
export const SUITES: readonly string[] = [
  'caps',
  'cgroups',
  'apparmor',
  'packages/execdriver/test/apparmor.test.ts',
  'packages/execdriver/test/network.test.ts',
  'packages/driver-oci/test/checkpoint.test.ts',
  'packages/driver-nspawn/test/apparmor.test.ts',
  'packages/driver-lxc/test/apparmor.test.ts',
];

/** An emulated processor takes its time. */
const TEST_MS = 300_000;

/**
 * Run integration tests under the second kernel. Vitest itself stays out here; one process in there runs all files.
 *
 * @param packages - Names of folders in `packages/` or `apps/`, or paths of tests; {@link SUITES} when there are none.
 * @param more - Arguments for vitest.
 * @returns 0, or 1 when a test failed.
 * @throws {@link Unavailable} with the reason when this machine cannot do it.
 */
export async function runSuites(
  packages: readonly string[],
  more: readonly string[],
  job: Omit<Job, 'command' | 'stdin' | 'stdout'>,
): Promise<number> {
  const filters = testFolders(packages);
  const cli = parseCLI(['vitest', 'run', ...filters, ...more]);
  await using worker = await startWorker({ ...job, directory: ROOT });
  const { resolve, ssr, test } = project('second kernel');
  const settings = {
    include: ['{apps,packages}/*/test/**/*.test.ts'],
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    pool: worker.pool,
    maxWorkers: 1,
    isolate: false,
    reporters: ['default', '@ns/testing/summary-reporter'],
  };
  const options = { ...cli.options, root: ROOT, config: false as const, run: true, watch: false };
  const vitest = await startVitest('test', [...cli.filter], options, {
    root: ROOT,
    resolve: resolve ?? {},
    ssr: ssr ?? {},
    test: { ...test, ...settings },
  });
  await vitest.close();
  return process.exitCode === undefined ? 0 : Number(process.exitCode);
}

/** What vitest is to look for. @throws `Error` on a package that has no integration tests. */
function testFolders(packages: readonly string[]): string[] {
  return (packages.length > 0 ? packages : SUITES).map((name) => {
    if (name.includes('/')) return name;
    const folder = ['packages', 'apps']
      .map((above) => `${above}/${name}/test/`)
      .find((path) => existsSync(ROOT + path));
    if (folder === undefined) throw new Error(`vm: packages/${name}/test: there are no integration tests`);
    return folder;
  });
}
