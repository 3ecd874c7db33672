import type { ContainerInspect, HostConfig } from '@ns/engine-api';

import type { ManagedContainer } from './container.js';
import type { EngineContext } from './context.js';
import { runtimeOf } from './driver-of.js';
import { shortId } from './ids.js';
import { containerState, imageIdOf } from './record.js';
import { networkSettings } from '../network/settings.js';
import { upperOf } from './root.js';
import { diskUsage } from './size.js';

/** What Docker fills in where the request says nothing; templates of `docker inspect -f` rely on the members. */
const HOST_DEFAULTS: HostConfig = {
  Binds: null,
  ContainerIDFile: '',
  LogConfig: { Type: 'json-file', Config: {} },
  NetworkMode: 'default',
  PortBindings: {},
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: 'private',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 64 * 1024 * 1024,
  Runtime: '',
  Memory: 0,
  NanoCpus: 0,
};

/** Answer of `GET /containers/{id}/json`. Reads what is known, and waits for nothing. */
export async function inspect(
  context: EngineContext,
  container: ManagedContainer,
  withSize: boolean,
): Promise<ContainerInspect> {
  const { record, paths, log } = container;
  const upper = await upperOf(context, record, paths);
  const size = withSize ? await diskUsage(upper) : undefined;
  return {
    Id: record.id,
    Created: record.created,
    Path: record.command[0] ?? '',
    Args: record.command.slice(1),
    State: containerState(record.state),
    Image: imageIdOf(record),
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    LogPath: log?.path ?? '',
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: execIds(container),
    HostConfig: hostConfig(record.hostConfig, runtimeOf(record)),
    GraphDriver: { Name: 'overlay2', Data: { UpperDir: upper } },
    ...(size === undefined ? {} : { SizeRw: size, SizeRootFs: size }),
    Mounts: record.mounts
      .filter(({ spec, point }) => spec.type !== 'tmpfs' || point.Mode !== '')
      .map(({ point }) => point),
    Config: { ...record.config, Hostname: record.config.Hostname || shortId(record.id) },
    NetworkSettings: networkSettings(context.networks, record, context.paths.dataRoot),
  };
}

function execIds(container: ManagedContainer): string[] | null {
  const running = [...container.execs.values()].filter((session) => session.state === 'running');
  return running.length > 0 ? running.map((session) => session.id) : null;
}

function hostConfig(given: HostConfig, driver: string): HostConfig {
  const known = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return { ...HOST_DEFAULTS, Runtime: driver, ...Object.fromEntries(known) };
}
