import { fileURLToPath } from 'node:url';

import type { UserWorkspaceConfig } from 'vitest/config';

/**
 * The vitest configuration of a package.
 *
 * Workspace packages are read from their sources, never from a stale dist. A test file whose needs the machine does not
 * meet is skipped: see `fileNeeds`.
 */
export const project = (name: string): UserWorkspaceConfig => ({
  resolve: { conditions: ['@ns/source'] },
  ssr: { resolve: { conditions: ['@ns/source', 'module', 'node'] } },
  test: {
    name,
    runner: fileURLToPath(new URL('runner.ts', import.meta.url)),
    // A busy machine takes its time to start processes.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real processes and clocks: one that misses its moment on a busy machine gets another. At a desk it is looked into.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
