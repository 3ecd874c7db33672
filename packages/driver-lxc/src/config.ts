import { DOCKER_DEFAULT_DEVICES, type CgroupLayout } from '@ns/cgroups';
import type { ContainerSpec, IdMapping, NamespaceKind, NamespaceSource } from '@ns/execdriver';
import { planNamespaces } from '@ns/namespaces';

import { configLine } from './config-line.js';
import { DESCRIPTOR } from './descriptors.js';
import { limitLines } from './limits.js';
import type { CgroupPaths } from './names.js';

/** What a configuration depends on, beside the spec. */
export interface ConfigFacts {
  /** The directory where LXC mounts the root of a container, which everybody can reach. */
  readonly rootMount: string;
  readonly cgroups: CgroupPaths;
  /** As LXC is shown it. */
  readonly layout: CgroupLayout;
}

/** LXC's names of namespaces. */
const LXC_NAMES: Readonly<Partial<Record<NamespaceKind, string>>> = {
  mnt: 'mnt',
  pid: 'pid',
  uts: 'uts',
  ipc: 'ipc',
  net: 'net',
  cgroup: 'cgroup',
  user: 'user',
};

/**
 * The configuration file of a container: pure.
 *
 * @remarks
 * LXC makes namespaces, cgroups with their limits, id maps, and the root. Everything in the root is the program's of
 * `lxc.hook.mount`, and what a process gives up is the inner program's. {@link ContainerSpec.driverConfig} comes last: it
 * can add to what is above, or undo it. See lxc.container.conf(5).
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a value that such a file cannot say.
 */
export function lxcConfig(spec: ContainerSpec, { rootMount, cgroups, layout }: ConfigFacts): string {
  const { hostname, driverConfig = [], resources = {} } = spec;
  const devices = resources.devices ?? DOCKER_DEFAULT_DEVICES;
  const fd = (number: number): string => `/proc/self/fd/${number}`;
  return [
    configLine('lxc.rootfs.path', `dir:${rootMount}`),
    configLine('lxc.rootfs.mount', rootMount),
    ...(hostname === undefined ? [] : [configLine('lxc.uts.name', hostname)]),
    ...namespaceLines(spec),
    ...idMapLines('u', spec.uidMap),
    ...idMapLines('g', spec.gidMap),
    configLine('lxc.cgroup.relative', '0'),
    configLine('lxc.cgroup.dir.container', cgroups.container.slice(1)),
    configLine('lxc.cgroup.dir.monitor', cgroups.monitor.slice(1)),
    configLine('lxc.cgroup.dir.monitor.pivot', cgroups.pivot.slice(1)),
    ...limitLines({ ...resources, devices }, layout),
    // No terminals, devices, mounts or profile of LXC's own.
    configLine('lxc.console.path', 'none'),
    configLine('lxc.tty.max', '0'),
    configLine('lxc.pty.max', '0'),
    configLine('lxc.autodev', '0'),
    configLine('lxc.apparmor.profile', 'unconfined'),
    configLine('lxc.hook.mount', fd(DESCRIPTOR.mount)),
    configLine('lxc.hook.stop', fd(DESCRIPTOR.note)),
    ...driverConfig.map(([key, value]) => configLine(key, value)),
  ].join('');
}

function namespaceLines(spec: ContainerSpec): string[] {
  const { sources } = planNamespaces(spec);
  const own: string[] = [];
  const shared: string[] = [];
  for (const [kind, name] of Object.entries(LXC_NAMES) as [NamespaceKind, string][]) {
    const source = sources[kind];
    if (source === 'new') own.push(name);
    // LXC passes over a cgroup namespace to be shared: see the programs.
    else if (source !== 'host' && kind !== 'cgroup')
      shared.push(configLine(`lxc.namespace.share.${name}`, pathOf(source, kind)));
  }
  return [
    // Not lxc.namespace.keep: LXC 5 then makes a time namespace too, and fails.
    configLine('lxc.namespace.clone', own.join(' ')),
    ...shared,
    // Without this line LXC would take over the host's network.
    ...(sources.net === 'new' ? [configLine('lxc.net.0.type', 'empty')] : []),
  ];
}

const pathOf = (source: Exclude<NamespaceSource, string>, kind: NamespaceKind): string =>
  'pid' in source ? `/proc/${source.pid}/ns/${kind}` : source.path;

const idMapLines = (letter: 'u' | 'g', map: readonly IdMapping[] = []): string[] =>
  map.map(({ inside, outside, length }) =>
    configLine('lxc.idmap', `${letter} ${inside} ${outside} ${length}`),
  );
