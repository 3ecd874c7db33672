import { bandwidth, weightToShares } from '../convert.js';
import { v1Limit } from '../limit-text.js';
import type { ControlWrite, Planner } from '../plan.js';

/** `cpu.shares`, `cpu.cfs_*`, `cpu.rt_*`. See sched-bwc.rst and sched-rt-group.rst. */
export const cpu: Planner = ({ cpu: given = {} }, { current }) => {
  const { shares, weight, burstUs, realtimePeriodUs, realtimeRuntimeUs, idle } = given;
  const { quotaUs, periodUs } = bandwidth(given);
  const writes: ControlWrite[] = [];
  const write = (file: string, value: string | number): void => {
    writes.push({ controller: 'cpu', file, value: String(value) });
  };
  // A cgroup that is idle refuses shares.
  if (idle === false) write('cpu.idle', 0);
  if (shares !== undefined) write('cpu.shares', shares);
  if (weight !== undefined) write('cpu.shares', weightToShares(weight));
  // The kernel refuses a quota below the burst, and a burst above the quota: the old burst makes way first.
  if (burstUs !== undefined && current !== undefined) write('cpu.cfs_burst_us', 0);
  if (periodUs !== undefined) write('cpu.cfs_period_us', periodUs);
  if (quotaUs !== undefined) write('cpu.cfs_quota_us', v1Limit(quotaUs));
  if (burstUs !== undefined) write('cpu.cfs_burst_us', burstUs);
  if (realtimePeriodUs !== undefined) write('cpu.rt_period_us', realtimePeriodUs);
  if (realtimeRuntimeUs !== undefined) write('cpu.rt_runtime_us', realtimeRuntimeUs);
  if (idle === true) write('cpu.idle', 1);
  return writes;
};
