import type { UserWorkspaceConfig } from 'vitest/config';

/** What the vitest configuration of every package shares: workspace packages are read from their sources, never from a stale dist. */
export const shared: UserWorkspaceConfig = {
  resolve: { conditions: ['@ns/source'] },
  ssr: { resolve: { conditions: ['@ns/source', 'module', 'node'] } },
};
