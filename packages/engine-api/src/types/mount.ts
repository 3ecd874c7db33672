import type { StringMap } from './primitives.js';

/** What kind of thing is mounted. */
export type MountType = 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster';

/** mount_namespaces(7): `rprivate` is the default. */
export type MountPropagation = '' | 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** Of a mount of type `bind`. */
export interface BindOptions {
  Propagation?: MountPropagation;
  /** Bind the directory without the mounts below it. */
  NonRecursive?: boolean;
  /** Make a missing source directory. */
  CreateMountpoint?: boolean;
  /** Read-only without the mounts below (the meaning of `ro` before API 1.44). */
  ReadOnlyNonRecursive?: boolean;
  /** Fail when the mounts below cannot be made read-only (kernel before 5.12). */
  ReadOnlyForceRecursive?: boolean;
}

/** Of a mount of type `volume`. */
export interface VolumeOptions {
  /** Do not fill a new volume with what the image has at the target. */
  NoCopy?: boolean;
  Labels?: StringMap | null;
  DriverConfig?: { Name?: string; Options?: StringMap | null } | null;
  /** A path inside the volume. */
  Subpath?: string;
}

/** Of a mount of type `image`. */
export interface ImageOptions {
  /** A path inside the image. */
  Subpath?: string;
}

/** Of a mount of type `tmpfs`. */
export interface TmpfsOptions {
  /** Bytes; 0 is the kernel's default, half of memory. */
  SizeBytes?: number;
  /** Permission bits as a number; 0 is 0o1777. */
  Mode?: number;
  /** Further options: `[["noexec"]]`, `[["uid", "1000"]]` (API 1.46). */
  Options?: string[][] | null;
}

/** A mount that was asked for with `--mount`. */
export interface Mount {
  Type?: MountType;
  /** A host path, a volume's or an image's name; absent for tmpfs. */
  Source?: string;
  /** Absolute, inside the container. */
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: BindOptions | null;
  VolumeOptions?: VolumeOptions | null;
  ImageOptions?: ImageOptions | null;
  TmpfsOptions?: TmpfsOptions | null;
}

/** A mount that a container has, as inspect and list report it. */
export interface MountPoint {
  Type: MountType;
  /** The volume's name. */
  Name?: string;
  Source: string;
  Destination: string;
  /** The volume's driver. */
  Driver?: string;
  /** The mode of `-v`: `ro`, `z`. */
  Mode: string;
  RW: boolean;
  Propagation: MountPropagation;
}
