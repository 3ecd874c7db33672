import type { ContainerSpec, IdMapping } from '@ns/execdriver';
import {
  DEFAULT_SHM_SIZE_BYTES,
  type NamespaceSources,
  type BindSpec,
  type PlannedMount,
  type TmpfsSpec,
} from '@ns/namespaces';

import type { OciMount } from './types.js';

const SAFE = ['nosuid', 'noexec', 'nodev'] as const;

/** Debian's and Alpine's group of terminals. */
const TTY_GROUP = 5;

/**
 * Docker's default mounts, in its order.
 *
 * @remarks
 * What a user namespace may not mount, because it does not own what the file system shows, is bound from the host.
 */
export function defaultMounts(
  spec: ContainerSpec,
  sources: NamespaceSources,
  isUnified: boolean,
): OciMount[] {
  const shares = (kind: 'net' | 'pid' | 'ipc'): boolean => sources.user !== 'host' && sources[kind] !== 'new';
  const fromHost = (destination: string, ...options: string[]): OciMount => ({
    destination,
    type: 'bind',
    source: destination,
    options: ['rbind', ...SAFE, ...options],
  });
  return [
    shares('pid')
      ? fromHost('/proc')
      : { destination: '/proc', type: 'proc', source: 'proc', options: [...SAFE] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: [
        'nosuid',
        'noexec',
        'newinstance',
        'ptmxmode=0666',
        'mode=0620',
        ...(isMapped(TTY_GROUP, sources, spec.gidMap) ? [`gid=${TTY_GROUP}`] : []),
      ],
    },
    shares('net')
      ? fromHost('/sys', 'ro')
      : { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...SAFE, 'ro'] },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...SAFE, 'relatime', 'ro'],
    },
    // Runtimes leave the directory of version 1's hierarchies writable, whatever they are told of the mount.
    ...(isUnified
      ? []
      : [
          {
            destination: '/sys/fs/cgroup',
            type: 'bind',
            source: '/sys/fs/cgroup',
            options: ['remount', 'bind', ...SAFE, 'ro'],
          },
        ]),
    shares('ipc')
      ? fromHost('/dev/mqueue')
      : { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: [...SAFE] },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: [...SAFE, 'mode=1777', size(spec.shmSizeBytes ?? DEFAULT_SHM_SIZE_BYTES)],
    },
  ];
}

const isMapped = (id: number, sources: NamespaceSources, map: readonly IdMapping[] | undefined): boolean =>
  sources.user === 'host' || (map ?? []).some(({ inside, length }) => id >= inside && id < inside + length);

/** The mounts of the user, in order. */
export const userMounts = (planned: readonly PlannedMount[]): OciMount[] =>
  planned.map(({ spec, target }) => (spec.type === 'bind' ? bind(spec, target) : tmpfs(spec, target)));

function bind(spec: BindSpec, destination: string): OciMount {
  const { readonly = false, recursive = true, propagation = 'rprivate' } = spec;
  return {
    destination,
    type: 'bind',
    source: spec.source,
    options: [
      recursive ? 'rbind' : 'bind',
      // crun takes the "recursive" of the propagation for one of the bind.
      recursive ? propagation : propagation.replace(/^r/, ''),
      // `rro` reaches what is mounted below, where the kernel can (mount_setattr(2), 5.12).
      ...(readonly === false ? ['rw'] : readonly === true ? ['ro', 'rro'] : ['ro']),
      ...idMapOption(spec),
    ],
  };
}

/** crun's own option, from before the specification had one: `idmap=uids=INSIDE-OUTSIDE-LENGTH#…;gids=…`. */
function idMapOption({ idMap }: BindSpec): string[] {
  if (idMap === undefined) return [];
  const list = (map: readonly IdMapping[]): string =>
    map.map(({ inside, outside, length }) => `${inside}-${outside}-${length}`).join('#');
  return [`idmap=uids=${list(idMap.uids)};gids=${list(idMap.gids)}`];
}

function tmpfs(spec: TmpfsSpec, destination: string): OciMount {
  const option = (name: string, value: number | undefined): string[] =>
    value === undefined ? [] : [`${name}=${value}`];
  return {
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: [
      ...(spec.suid === true ? [] : ['nosuid']),
      ...(spec.dev === true ? [] : ['nodev']),
      ...(spec.exec === true ? [] : ['noexec']),
      ...(spec.readonly === true ? ['ro'] : []),
      `mode=${(spec.mode ?? 0o1777).toString(8)}`,
      ...option('uid', spec.uid),
      ...option('gid', spec.gid),
      ...(spec.sizeBytes === undefined ? [] : [size(spec.sizeBytes)]),
    ],
  };
}

const size = (bytes: number): string => (bytes % 1024 === 0 ? `size=${bytes / 1024}k` : `size=${bytes}`);
