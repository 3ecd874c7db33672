import type { Timestamp } from './primitives.js';

/** Use of the processors. Nanoseconds. */
export interface CpuUsage {
  total_usage: number;
  percpu_usage?: number[] | null;
  usage_in_kernelmode: number;
  usage_in_usermode: number;
}

/** The processors at one moment. */
export interface CpuStats {
  cpu_usage: CpuUsage;
  /** Of the whole machine, all processors together. Nanoseconds. */
  system_cpu_usage?: number;
  online_cpus?: number;
  throttling_data?: {
    /** Periods that have passed, and those in which the quota was used up. */
    periods: number;
    throttled_periods: number;
    /** Nanoseconds. */
    throttled_time: number;
  };
}

/** Memory. Bytes. */
export interface MemoryStats {
  usage?: number;
  /** The most that was used. Not with every kernel. */
  max_usage?: number;
  limit?: number;
  failcnt?: number;
  /** The controller's own `memory.stat`. */
  stats?: Record<string, number>;
}

/** Pids. */
export interface PidsStats {
  current?: number;
  /** Absent when unlimited. */
  limit?: number;
}

/** One figure of a block device. */
export interface BlkioEntry {
  major: number;
  minor: number;
  /** `read`, `write`… */
  op: string;
  value: number;
}

/** Block devices. */
export interface BlkioStats {
  io_service_bytes_recursive?: BlkioEntry[] | null;
  io_serviced_recursive?: BlkioEntry[] | null;
}

/** A network interface since it was made. */
export interface NetworkStats {
  rx_bytes: number;
  rx_packets: number;
  rx_errors: number;
  rx_dropped: number;
  tx_bytes: number;
  tx_packets: number;
  tx_errors: number;
  tx_dropped: number;
}

/** An object of `GET /containers/{id}/stats`. */
export interface StatsResponse {
  /** With a leading slash. */
  name: string;
  id: string;
  read: Timestamp;
  /** When `precpu_stats` was read. */
  preread: Timestamp;
  pids_stats?: PidsStats;
  blkio_stats?: BlkioStats;
  cpu_stats?: CpuStats;
  /** The reading before; zero in the first. */
  precpu_stats?: CpuStats;
  memory_stats?: MemoryStats;
  /** By interface. */
  networks?: Record<string, NetworkStats>;
}
