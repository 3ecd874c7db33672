import type { ContainerSpec, IdMapping } from '@ns/execdriver';
import { openPeerShm, userMounts } from '@ns/namespaces';
import { openRouteSocket } from '@ns/netfw';
import {
  AT,
  call,
  cstr,
  group,
  MNT,
  MS,
  O,
  slot,
  strings,
  type Operand,
  type Program,
  type Step,
} from '@ns/syscall';

import { DESCRIPTOR } from '../descriptors.js';
import type { Parts } from './parts.js';

/** What the launcher is told of the host. */
export interface LaunchFacts {
  /** Where the container's root is attached. */
  readonly root: string;
  /** Where LXC mounts it, which everybody can reach. */
  readonly rootMount: string;
  /** On a hybrid layout, of which LXC is shown version 1 only: where version 2 is mounted, and the container's group in it. */
  readonly unified?: { readonly mountPoint: string; readonly group: string } | undefined;
  readonly mountProgram: string;
  readonly noteProgram: string;
  readonly failureFile: string;
  /** What LXC itself writes on its standard streams. */
  readonly messages: string;
  readonly lxcStart: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
}

/** Addresses of the code, so that a record tells whose it is. */
export const LAUNCH_ADDRESS = 0x40_0000;

/**
 * The program that becomes lxc-start, in the private mount namespace where the container's root is attached: it opens what
 * its hooks need of the host, by numbers that they know.
 */
export function launchProgram(parts: Parts, facts: LaunchFacts): Program {
  const { lxcStart, args, env } = facts;
  return {
    title: 'become lxc-start',
    statusFd: DESCRIPTOR.failure,
    failureStatus: 127,
    codeAddress: LAUNCH_ADDRESS,
    steps: [
      ...openFor(DESCRIPTOR.failure, facts.failureFile, O.O_WRONLY | O.O_CREAT | O.O_APPEND),
      ...(facts.unified === undefined ? [] : joinUnified(facts.unified)),
      ...scratchDev(facts.root, parts.spec),
      ...parts.mounts.host,
      ...parts.passed.flatMap((source, index) => pass(source, DESCRIPTOR.sources + index)),
      ...(parts.peer === undefined ? [] : shmOf(parts.peer)),
      ...cgroupNamespace(parts),
      ...(parts.spec.network === undefined ? [] : routeSocket()),
      ...openFor(DESCRIPTOR.mount, facts.mountProgram, O.O_RDONLY),
      ...openFor(DESCRIPTOR.note, facts.noteProgram, O.O_RDONLY),
      ...reachableRoot(facts),
      ...keepStreams(facts.messages),
      call('execve', [cstr(lxcStart), strings(args), strings(env)], {
        what: `run ${lxcStart}`,
        object: lxcStart,
        hints: { ENOENT: 'install LXC: apt-get install lxc' },
      }),
    ],
  };
}

/**
 * The container is born in its version 2 group, since lxc-start is in it meanwhile. LXC refuses a version 2 hierarchy with
 * controllers beside those of version 1: it is not shown to it.
 */
function joinUnified({ mountPoint, group: path }: NonNullable<LaunchFacts['unified']>): Step[] {
  const file = `${mountPoint}${path}/cgroup.procs`;
  const procs = slot('cgroup.procs');
  return [
    group(
      'version 2 cgroup',
      call('openat', [AT.AT_FDCWD, cstr(file), O.O_WRONLY | O.O_CLOEXEC, 0], {
        what: `open ${file}`,
        object: file,
        into: procs,
      }),
      call('write', [procs, cstr('0'), 1], { what: `join ${path}`, object: file }),
      call('close', [procs], { what: `close ${file}` }),
      call('umount2', [cstr(mountPoint), MNT.MNT_DETACH], {
        what: `hide ${mountPoint} from LXC`,
        object: mountPoint,
      }),
    ),
  ];
}

/** Give a descriptor its number, for whoever is executed. */
function pass(from: Operand, number: number): Step[] {
  return [
    call('dup3', [from, number, 0], {
      what: `pass it on as descriptor ${number}`,
      hints: { EBADF: 'the limit for open files is too low: raise RLIMIT_NOFILE' },
    }),
    call('close', [from], { what: 'close the other one' }),
  ];
}

function openFor(number: number, path: string, flags: number): Step[] {
  const file = slot(path);
  return [
    call('openat', [AT.AT_FDCWD, cstr(path), flags | O.O_CLOEXEC, 0o600], {
      what: `open ${path}`,
      object: path,
      into: file,
    }),
    ...pass(file, number),
  ];
}

/**
 * LXC makes links in /dev, whatever it is told, and before its hook has mounted the container's own: they go where nobody
 * sees them.
 */
function scratchDev(path: string, { uidMap, gidMap }: ContainerSpec): Step[] {
  const rootFd = slot('root');
  const target = '/dev';
  const owner = { uid: rootOf(uidMap), gid: rootOf(gidMap) };
  const mount = {
    spec: { type: 'tmpfs', target, mode: 0o755, ...owner },
    target,
    kind: 'directory',
  } as const;
  return [
    call('umask', [0], { what: 'create files with the exact modes that follow' }),
    call('openat', [AT.AT_FDCWD, cstr(path), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
      what: 'open the root',
      object: path,
      into: rootFd,
    }),
    ...userMounts({ mounts: [mount], rootFd }).init,
    call('close', [rootFd], { what: 'close the root' }),
  ];
}

/** Who the container's root is on the host. */
const rootOf = (map: readonly IdMapping[] = []): number =>
  map.find(({ inside }) => inside === 0)?.outside ?? 0;

function shmOf(pid: number): Step[] {
  const shm = slot('shared /dev/shm');
  return [...openPeerShm({ pid, into: shm }), ...pass(shm, DESCRIPTOR.shm)];
}

function cgroupNamespace({ sources: { cgroup } }: Parts): Step[] {
  if (typeof cgroup === 'string') return [];
  const path = 'pid' in cgroup ? `/proc/${cgroup.pid}/ns/cgroup` : cgroup.path;
  return openFor(DESCRIPTOR.cgroupNamespace, path, O.O_RDONLY);
}

function routeSocket(): Step[] {
  const socket = slot('host’s rtnetlink socket');
  return [openRouteSocket(socket), ...pass(socket, DESCRIPTOR.route)];
}

/** The root of a user namespace may not come to the state directory. */
const reachableRoot = ({ root, rootMount }: LaunchFacts): Step[] => [
  call('mount', [cstr(root), cstr(rootMount), cstr(''), MS.MS_BIND | MS.MS_REC, 0], {
    what: `bind the root on ${rootMount}`,
    object: rootMount,
  }),
];

function keepStreams(messages: string): Step[] {
  const [input, output] = [slot('/dev/null'), slot('messages')];
  const open = (path: string, flags: number, into: typeof input): Step =>
    call('openat', [AT.AT_FDCWD, cstr(path), flags | O.O_CLOEXEC, 0o600], {
      what: `open ${path}`,
      object: path,
      into,
    });
  const move = (from: Operand, to: number, what: string): Step => call('dup3', [from, to, 0], { what });
  return [
    group(
      'streams of the container, and of LXC',
      [0, 1, 2].map((fd) => move(fd, DESCRIPTOR.streams + fd, `keep descriptor ${fd} for the container`)),
      open('/dev/null', O.O_RDONLY, input),
      open(messages, O.O_WRONLY | O.O_CREAT | O.O_APPEND, output),
      move(input, 0, 'give LXC no input'),
      [1, 2].map((fd) => move(output, fd, `have LXC write to ${messages}`)),
    ),
  ];
}
