import { readControlIfAny } from '../control-file.js';
import { parseFields, readNumber } from './fields.js';

/** Processor time, in microseconds since the group was made. */
export interface CpuStats {
  readonly usageUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  /** Periods in which the group ran while it has had a quota. */
  readonly periods: number;
  /** Those in which it came to the end of it. */
  readonly throttledPeriods: number;
  readonly throttledUs: number;
  /** Periods in which saved quota was used, and how much of it. Linux 5.14. */
  readonly bursts: number;
  readonly burstUs: number;
}

/**
 * Statistics of the processor.
 *
 * @param accounting - The directory of `cpuacct`, version 1.
 */
export function cpuStats(
  version: 1 | 2,
  directory: string,
  accounting: string | undefined,
): CpuStats | undefined {
  const text = readControlIfAny(`${directory}/cpu.stat`);
  if (text === undefined) return undefined;
  const fields = parseFields(text);
  const common = {
    periods: fields['nr_periods'] ?? 0,
    throttledPeriods: fields['nr_throttled'] ?? 0,
    bursts: fields['nr_bursts'] ?? 0,
  };
  if (version === 2) {
    return {
      usageUs: fields['usage_usec'] ?? 0,
      userUs: fields['user_usec'] ?? 0,
      systemUs: fields['system_usec'] ?? 0,
      throttledUs: fields['throttled_usec'] ?? 0,
      burstUs: fields['burst_usec'] ?? 0,
      ...common,
    };
  }
  // Version 1 counts in nanoseconds.
  const us = (ns = 0): number => Math.floor(ns / 1000);
  const used = (file: string): number | undefined =>
    accounting === undefined ? undefined : readNumber(`${accounting}/${file}`);
  return {
    usageUs: us(used('cpuacct.usage')),
    userUs: us(used('cpuacct.usage_user')),
    systemUs: us(used('cpuacct.usage_sys')),
    throttledUs: us(fields['throttled_time']),
    burstUs: us(fields['burst_time']),
    ...common,
  };
}
