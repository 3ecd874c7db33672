import { bandwidth, sharesToWeight } from '../convert.js';
import { unsupported } from '../errors.js';
import { v2Limit } from '../limit-text.js';
import type { ControlWrite, Planner } from '../plan.js';

/** `cpu.weight`, `cpu.max`. See cgroup-v2.rst, "CPU Interface Files". */
export const cpu: Planner = ({ cpu: given = {} }, { current, refuse }) => {
  const { shares, weight, burstUs, idle } = given;
  if (given.realtimeRuntimeUs !== undefined || given.realtimePeriodUs !== undefined) {
    refuse(unsupported('real-time limits are a thing of version 1'));
  }
  const { quotaUs, periodUs } = bandwidth(given);
  const writes: ControlWrite[] = [];
  const write = (file: string, value: string | number): void => {
    writes.push({ controller: 'cpu', file, value: String(value) });
  };
  // A cgroup that is idle refuses a weight.
  if (idle === false) write('cpu.idle', 0);
  if (shares !== undefined) write('cpu.weight', sharesToWeight(shares));
  if (weight !== undefined) write('cpu.weight', weight);
  // The kernel refuses a quota below the burst, and a burst above the quota: the old burst makes way first.
  if (burstUs !== undefined && current !== undefined) write('cpu.max.burst', 0);
  if (quotaUs !== undefined || periodUs !== undefined) {
    // A quota alone keeps the period; a period alone needs the quota again.
    write(
      'cpu.max',
      `${v2Limit(quotaUs ?? current?.quotaUs ?? 'unlimited')}${periodUs === undefined ? '' : ` ${periodUs}`}`,
    );
  }
  if (burstUs !== undefined) write('cpu.max.burst', burstUs);
  if (idle === true) write('cpu.idle', 1);
  return writes;
};
