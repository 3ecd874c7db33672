import type {
  ContainerConfig,
  ContainerState,
  ContainerStatus,
  EndpointSettings,
  HostConfig,
  MountPoint,
} from '@ns/engine-api';
import { ZERO_TIME } from '@ns/engine-api';
import type { MountSpec } from '@ns/execdriver';

import type { ContainerIds } from './user-remap.js';

/** A mount of a container: what the driver is told, and what inspect shows. */
export interface StoredMount {
  readonly spec: MountSpec;
  readonly point: MountPoint;
  /** Make the source directory when it is missing (`-v`). */
  readonly makeSource: boolean;
}

/** What is below a container's own changes. */
export type RootSource =
  | { readonly kind: 'image'; readonly id: string }
  /** A directory of the host, seen through an overlay (`HostConfig.NsRootfs`). */
  | { readonly kind: 'directory'; readonly path: string };

/** How a container is doing. */
export interface RunState {
  readonly status: ContainerStatus;
  /** As the host sees it; 0 when not running. */
  readonly pid: number;
  readonly exitCode: number;
  /** Why it could not be started; else empty. */
  readonly error: string;
  readonly oomKilled: boolean;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Everything known about a container: one immutable value, replaced at each change, and the content of `config.json`. */
export interface ContainerRecord {
  readonly version: 1;
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  /** RFC 3339. */
  readonly created: string;
  /** The image as the user named it; empty with a root directory. */
  readonly image: string;
  readonly root: RootSource;
  /** Of its user namespace; without, it has the host's. */
  readonly ids?: ContainerIds;
  /** Merged with the image's. */
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** What it asks of networks, by their names or ids. */
  readonly networks?: Readonly<Record<string, EndpointSettings>>;
  /** It was disconnected from the network of its mode. */
  readonly hasLeftMain?: true;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly mounts: readonly StoredMount[];
  readonly state: RunState;
  /** Restarts by the restart policy since the user started it. */
  readonly restartCount: number;
  /** Stopped or killed by a user since it was last started. */
  readonly manuallyStopped: boolean;
}

export const NEVER_RUN: RunState = {
  status: 'created',
  pid: 0,
  exitCode: 0,
  error: '',
  oomKilled: false,
  startedAt: ZERO_TIME,
  finishedAt: ZERO_TIME,
};

/** Paused containers run too: they have processes. */
export const isRunning = ({ state }: Pick<ContainerRecord, 'state'>): boolean =>
  state.status === 'running' || state.status === 'paused';

/** The image's id as inspect shows it; empty with a root directory. */
export const imageIdOf = (record: ContainerRecord): string =>
  record.root.kind === 'image' ? record.root.id : '';

/** `State` of inspect. */
export function containerState(state: RunState): ContainerState {
  return {
    Status: state.status,
    Running: isRunning({ state }) || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: state.status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
  };
}
