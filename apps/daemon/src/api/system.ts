import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { arch, availableParallelism, release, totalmem, version as kernelVersion } from 'node:os';

import { detect as detectAppArmor } from '@ns/apparmor';
import {
  API_VERSION,
  type DriverReport,
  MIN_API_VERSION,
  type SystemInfo,
  type SystemVersion,
} from '@ns/engine-api';

import type { DriverState } from '../drivers/drivers.js';
import { NO_SUPPORT, supportWarnings } from '../engine/cgroup-support.js';
import { formatNs, nowNs } from '../engine/clock.js';
import type { ContainerStatus } from '@ns/engine-api';
import { json, type Reply } from '../http/message.js';
import type { Route } from '../http/router.js';
import type { ApiContext } from './context.js';

/** The daemon itself. */
export const systemRoutes = (context: ApiContext): Route[] => [
  ['GET', '/_ping', ping],
  ['HEAD', '/_ping', ping],
  ['GET', '/version', async () => json(await versionAnswer(context))],
  ['GET', '/info', async () => json(await infoAnswer(context))],
  ['POST', '/auth', () => json({ message: 'ns-daemon talks to no registry yet' }, 501)],
  ['GET', '/volumes', () => json({ Volumes: [], Warnings: null })],
];

function ping(): Reply {
  return {
    kind: 'text',
    status: 200,
    text: 'OK',
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-cache, no-store, must-revalidate',
      Pragma: 'no-cache',
      // 1: the classic builder; clients then do not expect BuildKit.
      'Builder-Version': '1',
      Swarm: 'inactive',
    },
  };
}

/** Node's words for machines, in Docker's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

async function versionAnswer({ about, engine }: ApiContext): Promise<SystemVersion> {
  const architecture = ARCHITECTURES[arch()] ?? arch();
  const details = {
    ApiVersion: API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    Arch: architecture,
    Experimental: 'false',
    GitCommit: '',
    GoVersion: '',
    KernelVersion: release(),
    NodeVersion: process.version,
    Os: 'linux',
  };
  const driver = (await engine.drivers.get(engine.drivers.defaultName)).info;
  return {
    Platform: { Name: 'ns' },
    Components: [
      { Name: 'Engine', Version: about.version, Details: details },
      {
        Name: `driver ${driver.name}`,
        Version: driver.version,
        Details: { Contract: String(driver.contract) },
      },
    ],
    Version: about.version,
    ApiVersion: API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    GitCommit: '',
    GoVersion: '',
    Os: 'linux',
    Arch: architecture,
    KernelVersion: release(),
    Experimental: false,
  };
}

async function infoAnswer({ about, engine }: ApiContext): Promise<SystemInfo> {
  const { drivers, paths } = engine;
  const { info } = await drivers.get(drivers.defaultName);
  const states = await drivers.describe();
  const containers = engine.containers.all();
  const count = (...statuses: ContainerStatus[]): number =>
    containers.filter(({ record }) => statuses.includes(record.state.status)).length;
  const [running, paused] = [count('running', 'restarting'), count('paused')];
  const support = info.abilities.resources ? engine.machine.support : NO_SUPPORT;
  return {
    ID: engine.hostname(),
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: containers.length - running - paused,
    Images: await engine.images.count(),
    Driver: 'overlay2',
    DriverStatus: [],
    Plugins: {
      Volume: [],
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: ['local', 'json-file', 'none'],
    },
    MemoryLimit: support.memory,
    SwapLimit: support.swap,
    CpuCfsPeriod: support.cpuQuota,
    CpuCfsQuota: support.cpuQuota,
    CPUShares: support.cpuShares,
    CPUSet: support.cpuset,
    PidsLimit: support.pids,
    IPv4Forwarding: readText('/proc/sys/net/ipv4/ip_forward').trim() === '1',
    Debug: about.isDebug(),
    NFd: (await readdir('/proc/self/fd')).length,
    OomKillDisable: support.oomKillDisable,
    NGoroutines: 0,
    SystemTime: formatNs(nowNs()),
    LoggingDriver: 'local',
    CgroupDriver: support.version === '' ? 'none' : 'cgroupfs',
    CgroupVersion: support.version,
    NEventsListener: engine.events.listeners,
    KernelVersion: release(),
    OperatingSystem: operatingSystem(),
    OSVersion: kernelVersion(),
    OSType: 'linux',
    Architecture: MACHINES[arch()] ?? arch(),
    IndexServerAddress: '',
    RegistryConfig: null,
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    GenericResources: null,
    DockerRootDir: paths.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: engine.hostname(),
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: about.version,
    Runtimes: Object.fromEntries(
      states
        .filter(({ available }) => available)
        .map(({ runtime: { name, path } }) => [name, path ? { path } : {}]),
    ),
    DefaultRuntime: drivers.defaultName,
    NsDrivers: states.map(driverReport),
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'built in',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: [
      ...(detectAppArmor().isAvailable ? ['name=apparmor'] : []),
      'name=seccomp,profile=builtin',
      'name=cgroupns',
      ...(engine.remap === undefined ? [] : ['name=userns']),
    ],
    Warnings: [...supportWarnings(support)],
  };
}

function driverReport({ runtime, info, available, version, reason, hint }: DriverState): DriverReport {
  return {
    Name: runtime.name,
    Driver: info?.name ?? '',
    Version: info?.version ?? '',
    ...(runtime.path === undefined ? {} : { Path: runtime.path }),
    Available: available,
    ...(version === undefined ? {} : { ComponentVersion: version }),
    ...(reason === undefined ? {} : { Reason: reason }),
    ...(hint === undefined ? {} : { Hint: hint }),
  };
}

function operatingSystem(): string {
  const text = readText('/etc/os-release') || readText('/usr/lib/os-release');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
