import type { ContainerConfig } from './container-config.js';
import type { GraphDriverData } from './container-inspect.js';
import type { Filters } from './filters.js';
import type { StringMap, Timestamp } from './primitives.js';

/** Query of `GET /images/json`. */
export interface ImageListOptions {
  /** Intermediate images too. */
  all?: boolean;
  filters?: Filters;
  'shared-size'?: boolean;
  digests?: boolean;
}

/** One element of `GET /images/json`. */
export interface ImageSummary {
  Id: string;
  ParentId: string;
  /** `name:tag`; empty when dangling. */
  RepoTags: string[];
  /** `name@sha256:…` */
  RepoDigests: string[];
  /** Seconds since 1970. */
  Created: number;
  /** Bytes. */
  Size: number;
  /** Bytes shared with other images; -1 when not counted. */
  SharedSize: number;
  /** Same as `Size`; absent from API 1.44 on. */
  VirtualSize?: number;
  Labels: StringMap | null;
  /** Containers made from it; -1 when not counted. */
  Containers: number;
}

/** Answer of `GET /images/{name}/json`. */
export interface ImageInspect {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  /** Empty when the image does not say. */
  Created: Timestamp;
  DockerVersion: string;
  Author: string;
  Config: ContainerConfig | null;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  /** Bytes. */
  Size: number;
  VirtualSize?: number;
  GraphDriver: GraphDriverData;
  RootFS: { Type: string; Layers?: string[] };
  Metadata: { LastTagTime: Timestamp };
}

/** One element of `GET /images/{name}/history`, newest first. */
export interface ImageHistoryItem {
  /** `<missing>` for layers that are no image of their own. */
  Id: string;
  /** Seconds since 1970. */
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  /** Bytes. */
  Size: number;
  Comment: string;
}

/** Query of `POST /images/create`: a pull with `fromImage`, an import with `fromSrc`. */
export interface ImageCreateOptions {
  fromImage?: string;
  /** `-`: the body is the archive; else a URL. */
  fromSrc?: string;
  repo?: string;
  tag?: string;
  message?: string;
  /** Dockerfile instructions: `CMD ["/bin/sh"]`. */
  changes?: string[];
  platform?: string;
}

/** Query of `POST /images/load`. */
export interface ImageLoadOptions {
  quiet?: boolean;
  platform?: string;
}

/** Query of `DELETE /images/{name}`. */
export interface ImageRemoveOptions {
  /** Also when several tags or stopped containers refer to it. */
  force?: boolean;
  noprune?: boolean;
}

/** One element of the answer of `DELETE /images/{name}`. */
export interface ImageDeleteResponseItem {
  Untagged?: string;
  Deleted?: string;
}

/** Answer of `POST /images/prune`. */
export interface ImagesPruneResponse {
  ImagesDeleted: ImageDeleteResponseItem[] | null;
  SpaceReclaimed: number;
}
