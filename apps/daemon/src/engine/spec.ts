import type { ContainerConfig, HostConfig, Ulimit } from '@ns/engine-api';
import type {
  Abilities,
  ContainerNetwork,
  ContainerSpec,
  MountSpec,
  NamespaceKind,
  NamespaceSource,
  ProcessSpec,
  Resources,
  RootSpec,
  WindowSize,
} from '@ns/execdriver';

import { type DevicePlan, planDevices } from './devices.js';
import { invalid } from './errors.js';
import { shortId } from './ids.js';
import { environmentOf } from './image-config.js';
import type { Machine } from './machine.js';
import type { ContainerRecord } from './record.js';
import { cgroupPathOf, resourcesOf } from './resources.js';
import { confinement, parseSecurity } from './security.js';
import { parseMode } from '../network/network.js';
import { type ContainerIds, isSameIds } from './user-remap.js';

/** What a spec needs beside the record: things of the machine, which this module does not touch. */
export interface SpecContext {
  readonly root: RootSpec;
  /** This machine's name, for containers that share it. */
  readonly hostHostname: string;
  readonly machine: Machine;
  /** What the driver can: it is not asked by default for what it cannot. */
  readonly abilities: Abilities;
  /** Where control groups are that were not asked to be elsewhere. */
  readonly cgroupParent: string;
  /** Its interfaces, when it is about to run. */
  readonly network?: ContainerNetwork;
  /** Variables of `--link`. */
  readonly linkEnv?: readonly string[];
  /** Limits of containers that set none. */
  readonly defaultUlimits?: readonly Ulimit[];
  /** Bind mounts of the generated files of /etc. */
  readonly etc: readonly MountSpec[];
  /**
   * Process 1 of another container, by name or id.
   *
   * @throws {@link NsError} when there is no such container, or it does not run.
   */
  readonly pidOf: (container: string) => number;
  /** The ids of another container's user namespace. */
  readonly idsOf: (container: string) => ContainerIds | undefined;
}

/** `docker run -t` without a size. */
const DEFAULT_WINDOW: WindowSize = { rows: 24, columns: 80 };

/**
 * What the driver is told of a container.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the member of the request that cannot be.
 */
export function containerSpec(record: ContainerRecord, context: SpecContext): ContainerSpec {
  const { config } = record;
  const { abilities } = context;
  const hostConfig = withUlimits(record.hostConfig, abilities.rlimits ? context.defaultUlimits : []);
  const hostname = hostnameOf(record, context.hostHostname);
  const security = parseSecurity(hostConfig);
  const own = record.mounts.map((mount) => mount.spec);
  const targets = new Set(own.map((mount) => mount.target));
  const namespaces = {
    ...(abilities.namespaces.includes('mnt') ? {} : { mnt: 'host' as const }),
    ...namespacesOf(hostConfig, context.pidOf),
    ...userNamespaceOf(record, context),
  };
  const devices = planDevices(hostConfig, context.machine);
  return {
    id: record.id,
    root: context.root,
    ...(hostConfig.ReadonlyRootfs ? { readonlyRoot: true } : {}),
    process: processOf({ ...record, hostConfig }, hostname, context),
    ...(Object.keys(namespaces).length > 0 ? { namespaces } : {}),
    ...(namespaces.user === 'new' ? { uidMap: record.ids?.uids ?? [], gidMap: record.ids?.gids ?? [] } : {}),
    // A container with the host's name may not set one.
    ...(namespaces.uts === undefined && (abilities.hostname || config.Hostname) ? { hostname } : {}),
    ...(config.Domainname && namespaces.uts === undefined ? { domainname: config.Domainname } : {}),
    mounts: [
      ...context.etc.filter((mount) => abilities.mounts.includes('bind') && !targets.has(mount.target)),
      ...devices.mounts.filter((mount) => !targets.has(mount.target)),
      ...own,
    ],
    ...(hostConfig.ShmSize ? { shmSizeBytes: hostConfig.ShmSize } : {}),
    ...(security.maskedPaths ? { maskedPaths: security.maskedPaths } : {}),
    ...(security.readonlyPaths ? { readonlyPaths: security.readonlyPaths } : {}),
    ...(hostConfig.Sysctls ? { sysctls: hostConfig.Sysctls } : {}),
    ...(hostConfig.Init ? { init: true } : {}),
    ...(context.network === undefined ? {} : { network: context.network }),
    ...(hostConfig.LxcConf?.length
      ? { driverConfig: hostConfig.LxcConf.map(({ Key, Value }) => [Key, Value] as const) }
      : {}),
    ...limitsOf(record, devices, context),
  };
}

/** The container's own limits, and the engine's for what it does not limit. */
function withUlimits(host: HostConfig, defaults: readonly Ulimit[] = []): HostConfig {
  const own = host.Ulimits ?? [];
  const others = defaults.filter(({ Name }) => !own.some((one) => one.Name === Name));
  return others.length === 0 ? host : { ...host, Ulimits: [...own, ...others] };
}

/** What a driver that does not limit anything is not asked for, unless the user does. */
function limitsOf(
  { id, hostConfig }: ContainerRecord,
  { rules }: DevicePlan,
  { machine, abilities: { resources: isLimiting }, cgroupParent }: SpecContext,
): Pick<ContainerSpec, 'resources' | 'cgroup'> {
  const { CgroupParent, DeviceCgroupRules } = hostConfig;
  const { pids, ...others } = resourcesOf(hostConfig, machine);
  const resources: Resources = {
    ...others,
    // A new group has no limit: Docker's client says so with each request, and not all drivers can hear it.
    ...(pids === undefined || pids.limit === 'unlimited' ? {} : { pids }),
    ...(rules && (isLimiting || DeviceCgroupRules?.length) ? { devices: rules } : {}),
  };
  return {
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
    ...(isLimiting || CgroupParent
      ? { cgroup: cgroupPathOf('HostConfig.CgroupParent', CgroupParent || cgroupParent, id) }
      : {}),
  };
}

/** The name a container goes by: its own, the host's, or the short id. */
export function hostnameOf(record: ContainerRecord, hostHostname: string): string {
  if (record.config.Hostname) return record.config.Hostname;
  const { NetworkMode, UTSMode } = record.hostConfig;
  // The host's network goes with the host's name, though in a namespace of its own.
  return NetworkMode === 'host' || UTSMode === 'host' ? hostHostname : shortId(record.id);
}

function processOf(
  record: ContainerRecord,
  hostname: string,
  { machine, linkEnv = [], abilities }: SpecContext,
): ProcessSpec {
  const { config, hostConfig } = record;
  return {
    args: record.command,
    env: environmentOf({ ...config, Env: [...linkEnv, ...(config.Env ?? [])] }, hostname),
    cwd: workdirOf(config),
    ...(config.User ? { user: config.User } : {}),
    ...(hostConfig.GroupAdd?.length ? { groups: hostConfig.GroupAdd } : {}),
    ...(config.Tty ? { terminal: windowOf(hostConfig.ConsoleSize) } : {}),
    ...(config.Tty || config.OpenStdin ? {} : { stdio: ['null', 'pipe', 'pipe'] as const }),
    ...confinement(hostConfig, machine, hostConfig.Privileged, abilities),
    ...(hostConfig.OomScoreAdj ? { oomScoreAdj: hostConfig.OomScoreAdj } : {}),
  };
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` unless it is absolute. */
export function workdirOf(config: Pick<ContainerConfig, 'WorkingDir'>): string {
  const directory = config.WorkingDir || '/';
  if (directory.startsWith('/') && !directory.includes('\0')) return directory;
  throw invalid(
    'WorkingDir',
    `the working directory '${directory}' is invalid, it needs to be an absolute path`,
    'Give an absolute path inside the container; it is made when it is missing.',
  );
}

/** The first size of a terminal; `[0, 0]` is what clients without one send. */
export function windowOf(size: readonly [number, number] | null | undefined): WindowSize {
  const [rows, columns] = size ?? [0, 0];
  return rows > 0 && columns > 0 ? { rows, columns } : DEFAULT_WINDOW;
}

type Namespaces = Partial<Record<NamespaceKind, NamespaceSource>>;

/** The namespaces that are not simply new. */
function namespacesOf(host: HostConfig, pidOf: SpecContext['pidOf']): Namespaces {
  return {
    ...(parseMode(host.NetworkMode, true).kind === 'network'
      ? {}
      : namespace('net', 'NetworkMode', host.NetworkMode, ['none'], pidOf)),
    ...namespace('pid', 'PidMode', host.PidMode, ['', 'private'], pidOf),
    ...namespace('ipc', 'IpcMode', host.IpcMode, ['', 'private', 'shareable'], pidOf),
    ...namespace('uts', 'UTSMode', host.UTSMode, ['', 'private'], undefined),
    ...namespace('user', 'UsernsMode', host.UsernsMode, [''], undefined),
    ...namespace('cgroup', 'CgroupnsMode', host.CgroupnsMode, ['', 'private'], undefined),
  };
}

/** A namespace is shared with its owner's rights only in the owner's user namespace. */
function userNamespaceOf({ ids, hostConfig }: ContainerRecord, { pidOf, idsOf }: SpecContext): Namespaces {
  if (ids === undefined) return {};
  const peers = [hostConfig.NetworkMode, hostConfig.PidMode, hostConfig.IpcMode].flatMap((mode) => {
    const name = /^container:(.+)$/.exec(mode ?? '')?.[1];
    return name === undefined ? [] : [name];
  });
  const pids = new Set(peers.map(pidOf));
  const [pid] = pids;
  if (pid === undefined) return { user: 'new' };
  if (pids.size > 1) {
    throw invalid(
      'HostConfig',
      `cannot share namespaces of several containers (${peers.join(', ')}) when user namespaces are enabled`,
      'Share those of one, or say --userns=host.',
    );
  }
  const other = peers.find((peer) => !isSameIds(idsOf(peer), ids));
  if (other === undefined && parseMode(hostConfig.NetworkMode, true).kind === 'network') {
    throw invalid(
      'HostConfig',
      `cannot share a namespace of container ${peers[0]}, and have a network of its own, when user namespaces are enabled`,
      `Share its network too (--network container:${peers[0]}), or say --network none.`,
    );
  }
  if (other === undefined) return { user: { pid } };
  throw invalid(
    'HostConfig',
    `cannot share a namespace of container ${other}, whose user namespace has other ids`,
    'Say --userns=host for both, or for neither.',
  );
}

function namespace(
  kind: NamespaceKind,
  field: string,
  mode: string | undefined,
  fresh: readonly string[],
  pidOf: SpecContext['pidOf'] | undefined,
): Namespaces {
  if (mode === undefined || fresh.includes(mode)) return {};
  if (mode === 'host') return kind === 'user' ? {} : { [kind]: 'host' };
  const other = /^container:(.+)$/.exec(mode)?.[1];
  if (other !== undefined && pidOf) return { [kind]: { pid: pidOf(other) } };
  throw invalid(
    `HostConfig.${field}`,
    `invalid mode '${mode}'`,
    `Known here are ${[...fresh.filter((word) => word !== ''), 'host', ...(pidOf ? ['container:NAME'] : [])].join(', ')}.`,
  );
}
