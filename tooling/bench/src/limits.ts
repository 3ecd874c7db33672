import type { Resources } from '@ns/execdriver';

/** What the confined containers of all runtimes have. */
export const LIMITS: Resources = {
  memory: { limitBytes: 256 * 2 ** 20 },
  cpu: { quotaUs: 100_000, periodUs: 100_000 },
  pids: { limit: 100 },
};
