import { v2Limit } from '../limit-text.js';
import type { Planner } from '../plan.js';

/** `pids.max`, the same file in both versions. See pids.rst. */
export const pids: Planner = ({ pids: given = {} }) =>
  given.limit === undefined ? [] : [{ controller: 'pids', file: 'pids.max', value: v2Limit(given.limit) }];
