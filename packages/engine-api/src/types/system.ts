import type { StringMap, Timestamp } from './primitives.js';

/** Headers of `GET /_ping`. */
export interface PingInfo {
  /** The highest API version the engine serves. */
  apiVersion: string;
  osType: string;
  builderVersion: string;
  experimental: boolean;
  swarm: string;
  /** The header `Server`: `ns/0.1.0 (linux)`. */
  server: string;
}

/** A part of the engine. */
export interface ComponentVersion {
  Name: string;
  Version: string;
  Details?: StringMap | null;
}

/** Answer of `GET /version`. */
export interface SystemVersion {
  Platform?: { Name: string };
  Components?: ComponentVersion[];
  Version: string;
  ApiVersion: string;
  MinAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  KernelVersion: string;
  Experimental?: boolean;
  BuildTime?: string;
}

/** An execution driver or OCI runtime. */
export interface RuntimeInfo {
  path?: string;
  runtimeArgs?: string[] | null;
  status?: StringMap | null;
}

/** A version as a commit. */
export interface Commit {
  ID: string;
  Expected?: string;
}

/** An execution driver, as ns-daemon found it: an extension of ns. */
export interface DriverReport {
  /** By which containers ask for it. */
  Name: string;
  /** The driver and its version; empty when it could not be loaded. */
  Driver: string;
  Version: string;
  /** What it runs: a path, or the package that it is from. */
  Path?: string;
  Available: boolean;
  /** Of the real component: `lxc 6.0.4`. */
  ComponentVersion?: string;
  /** Why it is not available, and what to do about it. */
  Reason?: string;
  Hint?: string;
}

/** Answer of `GET /info`. */
export interface SystemInfo {
  ID: string;
  Containers: number;
  ContainersRunning: number;
  ContainersPaused: number;
  ContainersStopped: number;
  Images: number;
  /** The storage driver. */
  Driver: string;
  DriverStatus: [key: string, value: string][];
  SystemStatus?: [key: string, value: string][] | null;
  Plugins: {
    Volume: string[] | null;
    Network: string[] | null;
    Authorization: string[] | null;
    Log: string[] | null;
  };
  MemoryLimit: boolean;
  SwapLimit: boolean;
  KernelMemoryTCP?: boolean;
  CpuCfsPeriod: boolean;
  CpuCfsQuota: boolean;
  CPUShares: boolean;
  CPUSet: boolean;
  PidsLimit: boolean;
  IPv4Forwarding: boolean;
  BridgeNfIptables?: boolean;
  BridgeNfIp6tables?: boolean;
  Debug: boolean;
  /** Open descriptors of the engine. */
  NFd: number;
  OomKillDisable: boolean;
  NGoroutines: number;
  SystemTime: Timestamp;
  LoggingDriver: string;
  CgroupDriver: string;
  CgroupVersion?: string;
  NEventsListener: number;
  KernelVersion: string;
  OperatingSystem: string;
  OSVersion: string;
  OSType: string;
  Architecture: string;
  IndexServerAddress: string;
  RegistryConfig: RegistryServiceConfig | null;
  NCPU: number;
  /** Bytes. */
  MemTotal: number;
  GenericResources: unknown[] | null;
  DockerRootDir: string;
  HttpProxy: string;
  HttpsProxy: string;
  NoProxy: string;
  /** The host's name. */
  Name: string;
  Labels: string[] | null;
  ExperimentalBuild: boolean;
  ServerVersion: string;
  Runtimes: Record<string, RuntimeInfo>;
  DefaultRuntime: string;
  /** Of ns-daemon only. */
  NsDrivers?: DriverReport[];
  Swarm: {
    NodeID: string;
    NodeAddr: string;
    LocalNodeState: string;
    ControlAvailable: boolean;
    Error: string;
    RemoteManagers: unknown[] | null;
  };
  LiveRestoreEnabled: boolean;
  Isolation: string;
  InitBinary: string;
  ContainerdCommit: Commit;
  RuncCommit: Commit;
  InitCommit: Commit;
  /** `name=apparmor`, `name=seccomp,profile=builtin`, `name=cgroupns`… */
  SecurityOptions: string[];
  ProductLicense?: string;
  DefaultAddressPools?: { Base: string; Size: number }[];
  Warnings: string[] | null;
  CDISpecDirs?: string[] | null;
}

/** What the engine was told about registries. */
export interface RegistryServiceConfig {
  AllowNondistributableArtifactsCIDRs: string[] | null;
  AllowNondistributableArtifactsHostnames: string[] | null;
  InsecureRegistryCIDRs: string[] | null;
  IndexConfigs: Record<
    string,
    { Name: string; Mirrors: string[] | null; Secure: boolean; Official: boolean }
  > | null;
  Mirrors: string[] | null;
}
