import type { ContainerConfig } from './container-config.js';
import type { ContainerState } from './container-state.js';
import type { HostConfig } from './host-config.js';
import type { MountPoint } from './mount.js';
import type { NetworkSettings } from './network.js';
import type { StringMap, Timestamp } from './primitives.js';

/** The storage driver and what it says about this one. */
export interface GraphDriverData {
  Name: string;
  Data: StringMap | null;
}

/** Answer of `GET /containers/{id}/json`. */
export interface ContainerInspect {
  Id: string;
  Created: Timestamp;
  /** The program: the first word of entrypoint and command. */
  Path: string;
  Args: string[];
  State: ContainerState;
  /** The image's id: `sha256:…`. */
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  /** With a leading slash. */
  Name: string;
  RestartCount: number;
  /** The storage driver. */
  Driver: string;
  Platform: string;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: HostConfig;
  GraphDriver: GraphDriverData;
  /** Bytes; with `size=1`. */
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[];
  Config: ContainerConfig;
  NetworkSettings: NetworkSettings;
}
