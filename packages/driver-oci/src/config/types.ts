/**
 * What this driver writes of a runtime configuration, by the names of the OCI runtime specification (config.md,
 * config-linux.md). Version 1.0.2: the newest that all of runc 1.1, crun 1.8 and runsc of 2022 read.
 */
import type { OciResources } from '@ns/cgroups';
import type { SeccompProfile } from '@ns/seccomp';

/** The version of the specification that bundles are written for. */
export const OCI_VERSION = '1.0.2';

/** `process`, also of an exec. */
export interface OciProcess {
  readonly terminal: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly umask: number;
    readonly additionalGids: readonly number[];
  };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<
    Record<'bounding' | 'effective' | 'permitted' | 'inheritable' | 'ambient', readonly string[]>
  >;
  readonly rlimits: readonly OciRlimit[];
  readonly noNewPrivileges: boolean;
  readonly apparmorProfile?: string;
  readonly oomScoreAdj?: number;
}

/** An element of `process.rlimits`. */
export interface OciRlimit {
  /** `RLIMIT_NOFILE`. */
  readonly type: string;
  readonly soft: number | bigint;
  readonly hard: number | bigint;
}

/** An element of `mounts`. */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** An element of `linux.namespaces`: without a path, a new one. */
export interface OciNamespace {
  readonly type: 'mount' | 'pid' | 'network' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time';
  readonly path?: string;
}

/** An element of `linux.uidMappings`. */
export interface OciIdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** An element of `linux.timeOffsets`. */
export interface OciTimeOffset {
  readonly secs: number;
  readonly nanosecs: number;
}

/** `config.json` of a bundle. */
export interface OciConfig {
  readonly ociVersion: string;
  readonly process: OciProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname?: string;
  readonly mounts: readonly OciMount[];
  readonly linux: {
    readonly namespaces: readonly OciNamespace[];
    readonly uidMappings?: readonly OciIdMapping[];
    readonly gidMappings?: readonly OciIdMapping[];
    readonly timeOffsets?: Readonly<Record<'monotonic' | 'boottime', OciTimeOffset>>;
    readonly cgroupsPath: string;
    readonly resources: OciResources;
    readonly sysctl: Readonly<Record<string, string>>;
    readonly seccomp?: SeccompProfile;
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
  };
}
