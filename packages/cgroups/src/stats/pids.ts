import type { Limit } from '../resources.js';
import { known, readLimit, readNumber } from './fields.js';

/** Processes and threads. */
export interface PidsStats {
  readonly current: number;
  readonly limit: Limit;
  /** The most that `current` ever was. Linux 6.6. */
  readonly peak?: number;
}

/** Statistics of the pids controller: the same files in both versions. */
export function pidsStats(directory: string): PidsStats | undefined {
  const current = readNumber(`${directory}/pids.current`);
  if (current === undefined) return undefined;
  return known<PidsStats>({
    current,
    limit: readLimit(`${directory}/pids.max`) ?? 'unlimited',
    peak: readNumber(`${directory}/pids.peak`),
  });
}
