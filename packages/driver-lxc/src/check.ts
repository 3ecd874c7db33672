import { validateResources } from '@ns/cgroups';
import { NsError } from '@ns/errors';
import type { ContainerSpec } from '@ns/execdriver';
import { checkSysctls, planMounts, planNamespaces } from '@ns/namespaces';
import { planNetwork } from '@ns/netfw';

import { configLine } from './config-line.js';

/** Refuse what LXC cannot do, and what nobody can, by the spec alone. */
export function checkSpec(spec: ContainerSpec): void {
  const { sources } = planNamespaces(spec);
  checkSysctls(spec.sysctls ?? {}, sources);
  validateResources(spec.resources ?? {});
  // Sources are looked at when they are there to be mounted.
  planMounts(spec.mounts ?? [], () => 'directory');
  for (const [key, value] of spec.driverConfig ?? []) configLine(key, value);
  if (spec.cgroup !== undefined) configLine('lxc.cgroup.dir.container', spec.cgroup.slice(1));
  if (spec.hostname !== undefined) configLine('lxc.uts.name', spec.hostname);
  checkNamespaces(spec, sources);
  checkMounts(spec);
  if (spec.network !== undefined) checkNetwork(spec, sources);
}

type Sources = ReturnType<typeof planNamespaces>['sources'];

function checkNamespaces(spec: ContainerSpec, sources: Sources): void {
  for (const kind of ['user', 'time'] as const) {
    if (typeof sources[kind] === 'object') {
      throw unsupported(
        `LXC cannot share a ${kind} namespace, which namespaces.${kind} asks for`,
        `say namespaces.${kind}: 'host' or 'new', or use the native driver`,
      );
    }
  }
  if (sources.time === 'new' && spec.defaultMounts === false) {
    throw unsupported(
      'a time namespace of its own takes a procfs, and the default mounts are left out',
      'leave defaultMounts out, or use the native driver',
    );
  }
}

function checkMounts({ mounts = [] }: ContainerSpec): void {
  for (const mount of mounts) {
    if (mount.type !== 'bind' || mount.propagation?.endsWith('shared') !== true) continue;
    throw unsupported(
      `the mount on ${mount.target} is ${mount.propagation}: what is mounted in a container of LXC does not spread to the host`,
      'use another propagation, or the native driver',
    );
  }
}

function checkNetwork({ network }: ContainerSpec, sources: Sources): void {
  if (sources.net !== 'new') {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'network',
      message: 'interfaces for a container that shares a net namespace',
      hint: 'leave network out, or give the container a net namespace of its own',
    });
  }
  if (sources.user === 'new') {
    throw unsupported(
      'interfaces for a container with users of its own',
      'leave network or the id maps out, or use the native driver',
    );
  }
  // A plan says what cannot be.
  planNetwork(network!, { pid: 0 });
}

const unsupported = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', { operation: 'create', message, hint });
