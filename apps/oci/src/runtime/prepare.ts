import { statSync } from 'node:fs';

import { isErrno, NsError } from '@ns/errors';
import { planNamespaces, type NamespacePlan } from '@ns/namespaces';

import type { ContainerPlan, OciMount } from '../plan.js';
import type { CreateOptions } from './options.js';

/** An id map that is not given is the container's own. */
export function resolveIdMaps(plan: ContainerPlan): ContainerPlan {
  const { uidMap, gidMap } = plan.spec;
  const mounts = plan.mounts.map((mount): OciMount => {
    if (mount.idMap === undefined || mount.idMap.uids.length > 0) return mount;
    if (uidMap === undefined || gidMap === undefined) {
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: mount.field,
        message: 'the id map of a user namespace that is joined is not known',
        hint: 'give uidMappings and gidMappings',
      });
    }
    return { ...mount, idMap: { ...mount.idMap, uids: uidMap, gids: gidMap } };
  });
  return { ...plan, mounts };
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a terminal without a socket, and a socket without a terminal. */
export function checkTerminal(
  { process }: ContainerPlan,
  { consoleSocket, ownTerminal }: CreateOptions,
): void {
  const terminal = process?.terminal === true;
  if (terminal && consoleSocket === undefined && !ownTerminal) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'process.terminal',
      message: 'a terminal, and nobody to give its master to',
      hint: 'name a socket with --console-socket, or set process.terminal to false',
    });
  }
  if (!terminal && consoleSocket !== undefined) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: '--console-socket',
      message: 'the process has no terminal',
      hint: 'set process.terminal to true, or leave --console-socket out',
    });
  }
}

/** In a namespace that exists an interface may get another number, and others could be taken for it. */
export function checkNetDevices({ netDevices, spec }: ContainerPlan): void {
  if (Object.keys(netDevices).length === 0 || spec.namespaces?.net === 'new') return;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'linux.netDevices',
    message: 'interfaces are moved into new network namespaces only',
    hint: 'move them into the one that is joined where it is made',
  });
}

/** Whether this process has root's rights over the host's mounts. */
export const isPrivileged = (): boolean => process.geteuid?.() === 0;

/** How the container gets its namespaces. */
export function planOf({ spec }: ContainerPlan): NamespacePlan {
  const { namespaces, uidMap, gidMap, timeOffsets } = spec;
  return planNamespaces({
    namespaces,
    uidMap,
    gidMap,
    timeOffsets,
    privileged: isPrivileged(),
    deferred: ['cgroup'],
  });
}

/** Whether the source of a bind is a directory. @throws {@link NsError} `ERR_NS_NOT_FOUND` */
export function kindOf(mount: OciMount): 'directory' | 'file' {
  if (mount.bind === undefined || mount.remount === true) return 'directory';
  try {
    return statSync(mount.source).isDirectory() ? 'directory' : 'file';
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) throw cause;
    const missing = isErrno(cause, 'ENOENT', 'ENOTDIR');
    throw new NsError(missing ? 'ERR_NS_NOT_FOUND' : 'ERR_NS_INVALID_ARGUMENT', {
      operation: mount.field,
      message: `bind source ${mount.source}: ${missing ? 'no such file or directory' : 'cannot be reached'}`,
      path: mount.source,
      cause,
    });
  }
}
