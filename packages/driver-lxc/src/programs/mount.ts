import {
  bindConsole,
  loopbackUp,
  makeWorkdir,
  maskPaths,
  readonlyPaths,
  setNames,
  writeSysctls,
} from '@ns/namespaces';
import { configureInterfaces, createInterfaces } from '@ns/netfw';
import { AT, call, cstr, exit, MNT, O, set, slot, type Program, type Slot, type Step } from '@ns/syscall';

import { DESCRIPTOR } from '../descriptors.js';
import {
  enterCgroupNamespace,
  hasOwnTerminal,
  maskedPathsOf,
  ownMounts,
  readonlyPathsOf,
  type Parts,
} from './parts.js';

/** Addresses of the code, so that a record tells whose it is. */
export const MOUNT_ADDRESS = 0x140_0000;

/**
 * The program of `lxc.hook.mount`: everything in the container's namespaces that is not LXC's, by the same steps as with the
 * native driver. The host's files are still there, and the container's root is mounted among them.
 *
 * @param rootMount - Where that is.
 */
export function mountProgram(parts: Parts, rootMount: string): Program {
  const { spec, rootFd, sources, mounts, passed, peer } = parts;
  const shm = slot('shared /dev/shm');
  const own = ownMounts(parts, peer === undefined ? undefined : shm);
  const places = own.sys === undefined ? { rootFd } : { rootFd, proc: own.proc, sys: own.sys };
  return {
    title: 'furnish the container',
    statusFd: DESCRIPTOR.failure,
    failureStatus: 1,
    codeAddress: MOUNT_ADDRESS,
    steps: [
      call('umask', [0], { what: 'create files with the exact modes that follow' }),
      ...(spec.defaultMounts === false ? [] : removeScratchDev(rootMount)),
      call('openat', [AT.AT_FDCWD, cstr(rootMount), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
        what: 'open the root',
        object: rootMount,
        into: rootFd,
      }),
      ...passed.map((source, index) => set(source, DESCRIPTOR.sources + index)),
      ...(peer === undefined ? [] : [set(shm, DESCRIPTOR.shm)]),
      ...enterCgroupNamespace(sources.cgroup),
      ...own.steps,
      ...mounts.init,
      ...(own.dev !== undefined && hasOwnTerminal(spec) ? consoleSteps(own.dev) : []),
      ...(sources.net === 'new' ? networkSteps(parts) : []),
      ...setNames(spec),
      ...writeSysctls({ sysctls: spec.sysctls ?? {}, sources, proc: own.proc }),
      ...makeWorkdir({ rootFd, path: spec.process.cwd ?? '/' }),
      ...maskPaths({ ...places, paths: maskedPathsOf(spec), nullDevice: own.nullDevice }),
      ...readonlyPaths({ ...places, paths: readonlyPathsOf(spec) }),
      exit(0),
    ],
  };
}

const removeScratchDev = (rootMount: string): Step[] => [
  call('umount2', [cstr(`${rootMount}/dev`), MNT.MNT_DETACH | MNT.UMOUNT_NOFOLLOW], {
    what: 'remove the place where LXC makes its links',
    // A user namespace may not take away what the host has mounted: it is covered then.
    tolerate: ['EINVAL'],
  }),
];

function consoleSteps(dev: Slot): Step[] {
  const terminal = slot('terminal');
  return [set(terminal, DESCRIPTOR.streams), ...bindConsole({ terminal, dev })];
}

function networkSteps({ spec: { network } }: Parts): readonly Step[] {
  if (network === undefined) return loopbackUp();
  const self = slot('self');
  return [
    call('getpid', [], { what: 'get the own process id', into: self }),
    ...createInterfaces(network, { socket: DESCRIPTOR.route, pid: self }),
    ...configureInterfaces(network),
  ];
}
