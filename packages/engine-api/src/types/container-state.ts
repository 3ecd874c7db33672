import type { Timestamp } from './primitives.js';

/** Where a container is in its life. */
export type ContainerStatus =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'dead';

/** One run of the health check. */
export interface HealthcheckResult {
  Start: Timestamp;
  End: Timestamp;
  ExitCode: number;
  Output: string;
}

/** What the health checks have found. */
export interface Health {
  Status: 'none' | 'starting' | 'healthy' | 'unhealthy';
  FailingStreak: number;
  Log: HealthcheckResult[] | null;
}

/** `State` of inspect. */
export interface ContainerState {
  Status: ContainerStatus;
  /** True while paused and restarting too. */
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  /** As the host sees it; 0 when not running. */
  Pid: number;
  ExitCode: number;
  /** Why it could not be started; else empty. */
  Error: string;
  StartedAt: Timestamp;
  FinishedAt: Timestamp;
  Health?: Health | null;
}
