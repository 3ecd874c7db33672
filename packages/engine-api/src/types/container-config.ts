import type { EmptyObjectMap, StringMap } from './primitives.js';

/** How to tell whether the program in a container is well. Durations are nanoseconds, 0 inherits the image's. */
export interface HealthConfig {
  /** `[]` inherits, `['NONE']` disables, `['CMD', …]` runs a program, `['CMD-SHELL', script]` a shell. */
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  /** Consecutive failures that make a container unhealthy. */
  Retries?: number;
}

/** The portable half of a container's configuration: what an image can carry too. */
export interface ContainerConfig {
  /** Without one the engine uses the short id; `--net host` and `--uts host` use the host's. */
  Hostname?: string;
  Domainname?: string;
  /** `user`, `uid`, `user:group`, `uid:gid`. Empty is the image's, or root. */
  User?: string;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  /** Ports as `80/tcp`. */
  ExposedPorts?: EmptyObjectMap | null;
  /** A terminal instead of three pipes; the streams are then one and not framed. */
  Tty?: boolean;
  /** Keep stdin open though nobody is attached. */
  OpenStdin?: boolean;
  /** Close stdin when the first client that attached to it leaves. */
  StdinOnce?: boolean;
  /** `NAME=value`; a bare `NAME` removes the image's variable. */
  Env?: string[] | null;
  Cmd?: string[] | null;
  Healthcheck?: HealthConfig | null;
  ArgsEscaped?: boolean;
  /** The image's name or id. Empty with {@link HostConfig.NsRootfs}. */
  Image?: string;
  Volumes?: EmptyObjectMap | null;
  WorkingDir?: string;
  /** `['']` removes the image's. */
  Entrypoint?: string[] | null;
  NetworkDisabled?: boolean;
  MacAddress?: string;
  OnBuild?: string[] | null;
  Labels?: StringMap | null;
  /** A name with or without `SIG`, or a number. Empty is the image's, or SIGTERM. */
  StopSignal?: string;
  /** Seconds; -1 waits for ever. */
  StopTimeout?: number;
  Shell?: string[] | null;
}
