import { NsError } from '@ns/errors';

import {
  CONTRACT_VERSION,
  type Abilities,
  type ContainerSpec,
  type DriverInfo,
  type NamespaceKind,
  type NamespaceSource,
  type ProcessSpec,
} from './contract.js';

/** Something that a spec asks for, and whether the driver declares it. */
interface Demand {
  readonly field: string;
  readonly able: boolean;
  /** As in "driver x has no …". */
  readonly lacks: string;
  /** What to do instead, beside choosing another driver. */
  readonly instead: string;
}

/** That of a process for which none is said. */
const DEFAULT_UMASK = 0o022;

/** What a spec means that does not name a namespace. See {@link ContainerSpec.namespaces}. */
const DEFAULT_NAMESPACES: Readonly<Record<NamespaceKind, 'new' | 'host'>> = {
  mnt: 'new',
  pid: 'new',
  uts: 'new',
  ipc: 'new',
  net: 'new',
  cgroup: 'new',
  user: 'host',
  time: 'host',
};

/**
 * Refuse a driver that was written for another version of the contract.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED`
 */
export function checkContract(info: DriverInfo): void {
  if (info.contract === CONTRACT_VERSION) return;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'driver',
    message: `driver ${info.name} ${info.version} is written for version ${info.contract} of the contract, known here is ${CONTRACT_VERSION}`,
    hint: `use a release of the driver for version ${CONTRACT_VERSION} of the contract, or another driver`,
  });
}

/**
 * Refuse a container that asks for what the driver does not declare. Pure: engines call it before they prepare
 * anything, drivers first thing in `create`.
 *
 * @remarks
 * Isolation that is asked for by default counts as asked for: a spec that does not mention the network wants a network
 * namespace of its own, and a driver without them refuses it. Whoever can do without says so: `net: 'host'`. Two
 * defaults are as good as the driver: the default mounts, and the default capabilities.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED`, with the driver, the field, and what to do.
 *
 * @example
 * ```ts
 * assertAble(driver.info, spec);
 * const container = await driver.create(spec);
 * ```
 */
export function assertAble(info: DriverInfo, spec: ContainerSpec): void {
  const { abilities } = info;
  refuse(info, 'create', [
    ...demandsOfNamespaces(abilities, spec),
    ...demandsOfFiles(abilities, spec),
    ...demandsOfProcess(abilities, spec.process),
    {
      field: 'hostname',
      able: abilities.hostname || (spec.hostname === undefined && spec.domainname === undefined),
      lacks: 'names of its own for containers',
      instead: 'leave hostname and domainname out',
    },
    {
      field: 'sysctls',
      able: abilities.sysctls || Object.keys(spec.sysctls ?? {}).length === 0,
      lacks: 'sysctls',
      instead: 'leave sysctls out',
    },
    {
      field: 'network',
      able: abilities.network || spec.network === undefined,
      lacks: 'network interfaces of its own for containers',
      instead: 'leave network out',
    },
    {
      field: 'resources',
      able:
        abilities.resources || (Object.keys(spec.resources ?? {}).length === 0 && spec.cgroup === undefined),
      lacks: 'limits by cgroups',
      instead: 'leave resources and cgroup out',
    },
    {
      field: 'init',
      able: abilities.init || spec.init !== true,
      lacks: 'init',
      instead: 'put an init into the image, and run it',
    },
    {
      field: 'driverConfig',
      able: abilities.driverConfig || (spec.driverConfig ?? []).length === 0,
      lacks: 'settings of its own',
      instead: 'leave driverConfig out (--lxc-conf)',
    },
  ]);
}

/**
 * The same for a program that is to be executed in a container that runs.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED`
 */
export function assertAbleToExec(info: DriverInfo, process: ProcessSpec): void {
  refuse(info, 'exec', [
    {
      field: 'exec',
      able: info.abilities.exec,
      lacks: 'exec',
      instead: 'run another container',
    },
    ...demandsOfProcess(info.abilities, process),
  ]);
}

/**
 * The error of an operation that a driver does not have: for a driver's `signal`, `resize`, `update`, `pause` and `adopt`.
 *
 * @example
 * ```ts
 * async adopt(): Promise<Container> {
 *   throw unable(INFO, 'adopt', 'start the container again');
 * }
 * ```
 */
export function unable(info: DriverInfo, operation: string, instead: string): NsError {
  return new NsError('ERR_NS_UNSUPPORTED', {
    operation,
    message: `driver ${info.name} has no ${operation}`,
    hint: `${instead}, or use another driver`,
  });
}

function refuse(info: DriverInfo, operation: string, demands: readonly Demand[]): void {
  const unmet = demands.find((demand) => !demand.able);
  if (unmet === undefined) return;
  const asked = unmet.field === operation ? '' : `, which ${unmet.field} asks for`;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation,
    message: `driver ${info.name} has no ${unmet.lacks}${asked}`,
    hint: `${unmet.instead}, or use another driver`,
  });
}

function demandsOfNamespaces(abilities: Abilities, spec: ContainerSpec): Demand[] {
  const kinds = Object.keys(DEFAULT_NAMESPACES) as NamespaceKind[];
  return kinds.flatMap((kind) => {
    const source: NamespaceSource = spec.namespaces?.[kind] ?? DEFAULT_NAMESPACES[kind];
    const has = abilities.namespaces.includes(kind);
    const field = `namespaces.${kind}`;
    // Not to isolate is what a driver without the namespace does, and the default for user and time.
    if (source === 'host' && (!has || DEFAULT_NAMESPACES[kind] === 'host')) return [];
    return [
      {
        field,
        able: has,
        lacks: `${kind} namespaces`,
        instead: `say ${field}: 'host' to do without isolation`,
      },
      {
        field,
        able: source === 'new' || abilities.joinNamespaces,
        lacks: 'shared namespaces',
        instead: `say ${field}: 'new'`,
      },
    ];
  });
}

function demandsOfFiles(abilities: Abilities, spec: ContainerSpec): Demand[] {
  const { root, mounts = [] } = spec;
  const ownsMounts = abilities.namespaces.includes('mnt');
  const views = ['defaultMounts', 'shmSizeBytes', 'maskedPaths', 'readonlyPaths'] as const;
  return [
    {
      field: 'root',
      able: abilities.roots.includes(root.kind),
      lacks: `roots of kind ${root.kind}`,
      instead: `use a root of kind ${abilities.roots.join(' or ')}`,
    },
    {
      field: 'root.idMap',
      able: abilities.idMappedMounts || root.kind !== 'overlay' || root.idMap === undefined,
      lacks: 'id-mapped roots',
      instead: 'do without a user namespace of its own (--userns=host)',
    },
    {
      field: 'readonlyRoot',
      able: abilities.readonlyRoot || spec.readonlyRoot !== true,
      lacks: 'read-only roots',
      instead: 'leave readonlyRoot out',
    },
    ...mounts.map((mount, index) => ({
      field: `mounts[${index}]`,
      able: abilities.mounts.includes(mount.type),
      lacks: `mounts of type ${mount.type}`,
      instead: `leave the mount on ${mount.target} out`,
    })),
    ...mounts.map((mount, index) => ({
      field: `mounts[${index}].idMap`,
      able: abilities.idMappedMounts || mount.type !== 'bind' || mount.idMap === undefined,
      lacks: 'id-mapped mounts',
      instead: 'change the owner of the files',
    })),
    ...views.map((field) => ({
      field,
      able: ownsMounts || spec[field] === undefined || spec[field] === false,
      lacks: 'mounts of its own',
      instead: `leave ${field} out`,
    })),
  ];
}

function demandsOfProcess(abilities: Abilities, process: ProcessSpec): Demand[] {
  const unlessOwn = (ability: boolean, ...values: readonly unknown[]): boolean =>
    ability || values.every((value) => value === undefined || value === false);
  return [
    {
      field: 'process.terminal',
      able: unlessOwn(abilities.terminal, process.terminal),
      lacks: 'terminals',
      instead: 'leave the terminal out (-t)',
    },
    {
      field: 'process.user',
      able: unlessOwn(abilities.user, process.user, process.groups),
      lacks: 'users',
      instead: 'leave user and groups out: the program runs as root',
    },
    {
      field: 'process.capabilities',
      able: unlessOwn(abilities.capabilities, process.capabilities, process.noNewPrivileges),
      lacks: 'capabilities',
      instead: 'leave capabilities and noNewPrivileges out',
    },
    {
      field: 'process.seccomp',
      able: abilities.seccomp || typeof process.seccomp !== 'object',
      lacks: 'seccomp filters',
      instead: "leave seccomp out, or say 'unconfined'",
    },
    {
      field: 'process.apparmor',
      able: unlessOwn(abilities.apparmor, process.apparmor),
      lacks: 'AppArmor profiles',
      instead: 'leave apparmor out',
    },
    {
      field: 'process.umask',
      able: abilities.umask !== false || (process.umask ?? DEFAULT_UMASK) === DEFAULT_UMASK,
      lacks: 'umasks',
      instead: 'leave umask out, or have a shell set it',
    },
    {
      field: 'process.rlimits',
      able: unlessOwn(abilities.rlimits, process.rlimits, process.oomScoreAdj),
      lacks: 'resource limits',
      instead: 'leave rlimits and oomScoreAdj out',
    },
  ];
}
