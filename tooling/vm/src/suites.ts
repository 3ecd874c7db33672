import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Packages whose work depends on what the kernel is: their integration tests run under both. */
export const SUITES: readonly string[] = [
  'namespaces',
  'caps',
  'cgroups',
  'seccomp',
  'apparmor',
  'execdriver',
];

/**
 * The command that runs the integration tests of some packages, in one vitest.
 *
 * @param packages - Names of folders in `packages/`, or of files of tests below the repository.
 * @throws `Error` on a package that has no integration tests.
 */
export function testCommand(
  packages: readonly string[],
  more: readonly string[] = [],
): [string, ...string[]] {
  const filters = (packages.length > 0 ? packages : SUITES.filter(hasTests)).map((name) => {
    if (name.includes('/')) return name;
    if (!hasTests(name)) throw new Error(`vm: packages/${name}/test: there are no integration tests`);
    return `packages/${name}/test/`;
  });
  return [process.execPath, `${ROOT}node_modules/vitest/vitest.mjs`, 'run', ...filters, ...more];
}

const hasTests = (name: string): boolean => existsSync(`${ROOT}packages/${name}/test`);
