import type { ContainerStatus } from './container-state.js';
import type { Filters } from './filters.js';
import type { MountPoint } from './mount.js';
import type { EndpointSettings, Port } from './network.js';
import type { StringMap } from './primitives.js';

/** Query of `GET /containers/json`. */
export interface ContainerListOptions {
  /** Those that do not run too. */
  all?: boolean;
  /** The newest so many, running or not. */
  limit?: number;
  /** Count the bytes of each. */
  size?: boolean;
  filters?: Filters;
}

/** One element of `GET /containers/json`. */
export interface ContainerSummary {
  Id: string;
  /** With leading slashes. */
  Names: string[];
  /** As the user wrote it. */
  Image: string;
  ImageID: string;
  Command: string;
  /** Seconds since 1970. */
  Created: number;
  Ports: Port[];
  /** Bytes; with `size=1`. */
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: StringMap;
  State: ContainerStatus;
  /** For people: `Up 3 minutes`, `Exited (0) 2 hours ago`. */
  Status: string;
  HostConfig: { NetworkMode?: string; Annotations?: StringMap };
  NetworkSettings: { Networks: Record<string, EndpointSettings> | null } | null;
  Mounts: MountPoint[];
}
