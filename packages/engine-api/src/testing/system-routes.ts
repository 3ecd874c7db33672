import type { ContainerCreateRequest } from '../types/container-create.js';
import type { EventMessage } from '../types/event.js';
import type { SystemInfo, SystemVersion } from '../types/system.js';
import { MIN_API_VERSION } from '../versions.js';
import type { FakeState, Route } from './state.js';

/** Endpoints about the engine itself. */
export const systemRoutes: readonly Route[] = [
  { method: 'GET', pattern: /^\/_ping$/, handle: (_, { reply }) => reply(200, 'OK') },
  { method: 'GET', pattern: /^\/version$/, handle: (state, { reply }) => reply(200, version(state)) },
  { method: 'GET', pattern: /^\/info$/, handle: (state, { reply }) => reply(200, info(state)) },
  {
    method: 'GET',
    pattern: /^\/events$/,
    handle: (_, { stream }) => {
      const response = stream('application/json');
      for (const event of EVENTS) response.write(`${JSON.stringify(event)}\n`);
      response.end();
    },
  },
  {
    method: 'POST',
    pattern: /^\/ns\/explain$/,
    handle: async (state, { json, query, reply }) => {
      const request = await json<ContainerCreateRequest>();
      if (request.HostConfig?.NsRootfs === undefined) state.image(request.Image ?? '');
      const what = `run ${(request.Cmd ?? []).join(' ')}`;
      if (query.get('format') !== 'json') return reply(200, `1. ${what}\n   execve\n`);
      reply(200, { Steps: [{ number: 1, process: 'init', what, call: 'execve' }], Warnings: [] });
    },
  },
];

const EVENTS: readonly EventMessage[] = ['create', 'start', 'die'].map((Action, index) => ({
  Type: 'container',
  Action,
  Actor: { ID: 'c'.repeat(64), Attributes: { image: 'busybox', name: 'web' } },
  scope: 'local',
  time: 1_700_000_000 + index,
  timeNano: (1_700_000_000 + index) * 1e9,
}));

function version(state: FakeState): SystemVersion {
  return {
    Platform: { Name: '' },
    Components: [],
    Version: '0.1.0',
    ApiVersion: state.apiVersion,
    MinAPIVersion: MIN_API_VERSION,
    GitCommit: '',
    GoVersion: '',
    Os: 'linux',
    Arch: 'amd64',
    KernelVersion: '6.1.0',
    BuildTime: '',
  };
}

function info(state: FakeState): SystemInfo {
  const containers = [...state.containers.values()];
  const running = containers.filter((one) => one.running).length;
  return {
    ...NOTHING,
    ID: 'fake',
    Containers: containers.length,
    ContainersRunning: running,
    ContainersStopped: containers.length - running,
    Images: state.images.length,
    NCPU: 2,
    MemTotal: 8_589_934_592,
    Name: 'fake',
    ServerVersion: '0.1.0',
    KernelVersion: '6.1.0',
    OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
    Architecture: 'x86_64',
    DockerRootDir: '/var/lib/ns',
    Runtimes: { native: { path: '' } },
    DefaultRuntime: 'native',
    SecurityOptions: ['name=cgroupns'],
  };
}

const NOTHING: Omit<SystemInfo, 'ID'> = {
  Containers: 0,
  ContainersRunning: 0,
  ContainersPaused: 0,
  ContainersStopped: 0,
  Images: 0,
  Driver: 'fake',
  DriverStatus: [['Backing Filesystem', 'memory']],
  Plugins: { Volume: ['local'], Network: ['none', 'host'], Authorization: null, Log: ['json-file'] },
  MemoryLimit: false,
  SwapLimit: false,
  CpuCfsPeriod: false,
  CpuCfsQuota: false,
  CPUShares: false,
  CPUSet: false,
  PidsLimit: false,
  IPv4Forwarding: false,
  Debug: false,
  NFd: 0,
  OomKillDisable: false,
  NGoroutines: 0,
  SystemTime: '2026-01-01T00:00:00Z',
  LoggingDriver: 'json-file',
  CgroupDriver: 'none',
  NEventsListener: 0,
  KernelVersion: '',
  OperatingSystem: '',
  OSVersion: '',
  OSType: 'linux',
  Architecture: '',
  IndexServerAddress: '',
  RegistryConfig: null,
  NCPU: 0,
  MemTotal: 0,
  GenericResources: null,
  DockerRootDir: '',
  HttpProxy: '',
  HttpsProxy: '',
  NoProxy: '',
  Name: '',
  Labels: [],
  ExperimentalBuild: false,
  ServerVersion: '',
  Runtimes: {},
  DefaultRuntime: '',
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
  InitBinary: '',
  ContainerdCommit: { ID: '' },
  RuncCommit: { ID: '' },
  InitCommit: { ID: '' },
  SecurityOptions: [],
  Warnings: null,
};
