/**
 * What can be asked for, as data. The execution driver contract re-exports these types.
 */

/** The namespaces of Linux, by the names of `/proc/PID/ns`. */
export type NamespaceKind = 'mnt' | 'pid' | 'uts' | 'ipc' | 'net' | 'user' | 'cgroup' | 'time';

/** A fresh namespace, the host's (the driver's own), or one that exists: a pid's or a bound path. */
export type NamespaceSource = 'new' | 'host' | { readonly pid: number } | { readonly path: string };

/** One line of a uid or gid map: ids `inside … inside+length-1` are `outside …` on the host. */
export interface IdMapping {
  readonly inside: number;
  readonly outside: number;
  readonly length: number;
}

/** Maps of ids of files: those of `inside` on the disk are seen as those of `outside`. */
export interface IdMaps {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/** Where the root file system comes from. Paths are the host's. */
export type RootSpec =
  /** A directory, bind-mounted: the container writes to it. */
  | { readonly kind: 'directory'; readonly path: string }
  /** Directories under an overlay. `lower` is topmost first, as in overlayfs; without `upper` and `work` it is read-only. */
  | {
      readonly kind: 'overlay';
      readonly lower: readonly string[];
      readonly upper?: string;
      readonly work?: string;
      /** Instead of `upper` and `work`: keep what is written in a tmpfs, of half of memory by default, gone with the container. */
      readonly tmpfsUpper?: boolean | { readonly sizeBytes: number };
      /**
       * The lower directories are seen with other owners, so that containers whose user namespaces differ share them. What
       * is in `upper` has the owners that it is seen with. Needs kernel 5.19, and the rights of root.
       */
      readonly idMap?: IdMaps;
    };

/** What mount events pass between a mount and its copies: mount_namespaces(7), "Shared subtrees". The `r` forms include sub-mounts. */
export type Propagation = 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared';

/** A mount that the user asked for, made after the default ones, in order. `target` is absolute, inside the container. */
export type MountSpec =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly target: string;
      /** True: read-only, sub-mounts included where the kernel can (5.12); `'non-recursive'`: only the mount itself. */
      readonly readonly?: boolean | 'non-recursive';
      /** Bind the sub-mounts of the source too. Default true. */
      readonly recursive?: boolean;
      /** Default `rprivate`. */
      readonly propagation?: Propagation;
      /** Id-map the mount (kernel 5.12, and a file system that allows it). */
      readonly idMap?: { readonly uids: readonly IdMapping[]; readonly gids: readonly IdMapping[] };
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly readonly?: boolean;
      /** Bytes. Default: the kernel's, half of memory. */
      readonly sizeBytes?: number;
      /** Default 0o1777. */
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
      /** Default: nosuid, nodev, noexec, as Docker. */
      readonly exec?: boolean;
      readonly suid?: boolean;
      readonly dev?: boolean;
    };

/** A terminal's size in characters. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** What is added to the clocks of a new time namespace, in nanoseconds; negative to set a clock back. */
export interface TimeOffsets {
  readonly monotonicNs?: bigint;
  readonly boottimeNs?: bigint;
}
