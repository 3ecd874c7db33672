import type { Resources, RestartPolicy } from './host-config.js';
import type { Timestamp } from './primitives.js';

/** Query of `POST /containers/{id}/attach` and of its websocket twin. */
export interface ContainerAttachOptions {
  /** `ctrl-p,ctrl-q`: comma-separated single characters or `ctrl-` and one of `a-z @ ^ [ , _`. */
  detachKeys?: string;
  /** Replay what was written so far. */
  logs?: boolean;
  stream?: boolean;
  stdin?: boolean;
  stdout?: boolean;
  stderr?: boolean;
}

/** Query of `POST /containers/{id}/start`. */
export interface ContainerStartOptions {
  detachKeys?: string;
  /** Go on from this checkpoint. */
  checkpoint?: string;
  /** The directory of the engine's host that it is in. */
  'checkpoint-dir'?: string;
}

/** Query of `POST /containers/{id}/stop` and `/restart`. */
export interface ContainerStopOptions {
  /** A name with or without `SIG`, or a number. */
  signal?: string;
  /** Seconds until SIGKILL; -1 waits for ever. */
  t?: number;
}

/** Query of `DELETE /containers/{id}`. */
export interface ContainerRemoveOptions {
  /** Remove its anonymous volumes too. */
  v?: boolean;
  /** Kill it first when it runs. */
  force?: boolean;
  link?: boolean;
}

/** Query of `POST /containers/{id}/resize` and `POST /exec/{id}/resize`. */
export interface ResizeOptions {
  /** Rows. */
  h: number;
  /** Columns. */
  w: number;
}

/** Query of `GET /containers/{id}/logs`. */
export interface ContainerLogsOptions {
  follow?: boolean;
  stdout?: boolean;
  stderr?: boolean;
  /** Seconds since 1970, with a fraction: `1700000000.25`. */
  since?: string;
  until?: string;
  timestamps?: boolean;
  details?: boolean;
  /** A number of lines from the end, or `all`. */
  tail?: string;
}

/** What to wait for. `not-running` answers at once when it does not run. */
export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** Answer of `POST /containers/{id}/wait`. */
export interface WaitResponse {
  StatusCode: number;
  Error?: { Message?: string } | null;
}

/** Answer of `GET /containers/{id}/top`. */
export interface TopResponse {
  Titles: string[];
  Processes: string[][] | null;
}

/** Query of `GET /containers/{id}/stats`. */
export interface ContainerStatsOptions {
  /** Default true. */
  stream?: boolean;
  'one-shot'?: boolean;
}

/** Body of `POST /containers/{id}/update`. */
export interface ContainerUpdateRequest extends Resources {
  RestartPolicy?: RestartPolicy | null;
}

/** Answer of `POST /containers/{id}/update`. */
export interface UpdateResponse {
  Warnings: string[] | null;
}

/** Answer of `POST /containers/prune`. */
export interface ContainersPruneResponse {
  ContainersDeleted: string[] | null;
  SpaceReclaimed: number;
}

/** One element of `GET /containers/{id}/changes`. */
export interface FilesystemChange {
  Path: string;
  /** 0 modified, 1 added, 2 deleted. */
  Kind: 0 | 1 | 2;
}

/** The header `X-Docker-Container-Path-Stat` of the archive endpoints, base64 JSON. */
export interface ContainerPathStat {
  name: string;
  size: number;
  /** Go's os.FileMode bits. */
  mode: number;
  mtime: Timestamp;
  linkTarget: string;
}
