import {
  AF,
  AT,
  call,
  clone,
  CLONE,
  compute,
  cstr,
  exit,
  group,
  leave,
  load,
  loop,
  MS,
  O,
  OPEN_TREE,
  PR,
  S,
  scratch,
  set,
  SIG,
  slot,
  SOCK,
  strings,
  when,
  type Data,
  type Operand,
  type Program,
  type Slot,
  type Step,
} from '@ns/syscall';

import { LAUNCHER, PASSED } from './descriptors.js';
import { ownSteps } from './own-libvirtd.js';
import type { Installation } from './install.js';
import { dieWithLauncher } from './signals.js';

/** Exit status of a launcher whose container did not come to be. */
const NO_CONTAINER = 125;

/** What the launcher is told of the host. */
export interface LaunchPlan {
  /** Where the container's root is attached. */
  readonly root: string;
  /** An empty directory, for the tree. */
  readonly tree: string;
  /** The sources of bind mounts, each with its number among the mounts. */
  readonly sources: readonly {
    readonly index: number;
    readonly path: string;
    readonly kind: 'directory' | 'file';
  }[];
  /** Files of the state directory: the domain's description, what virsh and libvirtd say, and the record of a failing step. */
  readonly files: { readonly domain: string; readonly messages: string; readonly failure: string };
  readonly virsh: string;
  readonly uri: string;
  /** How many descriptors virsh passes on, from {@link PASSED} `first` on. */
  readonly passed: number;
  /** With a libvirtd of our own. */
  readonly own?: Installation | undefined;
}

/**
 * The program that has libvirt make a container, and stays as long as it, in the private mount namespace where its root is
 * attached: it exits as the container's program did.
 *
 * @remarks
 * libvirt's daemon sees another mount namespace, or could: root and sources reach the container as one detached mount, by
 * descriptor.
 */
export function launchProgram(plan: LaunchPlan): Program {
  const { own, files } = plan;
  const libvirtd = slot('libvirtd');
  const result = scratch(8, 'wait status of virsh');
  const word = slot('status');
  return {
    title: 'have libvirt make a container',
    statusFd: LAUNCHER.failure,
    failureStatus: NO_CONTAINER,
    steps: [
      call('prctl', [PR.PR_SET_NAME, cstr('ns-libvirt'), 0, 0, 0], { what: 'name the process ns-libvirt' }),
      ...open(LAUNCHER.failure, files.failure, O.O_WRONLY | O.O_CREAT | O.O_APPEND | O.O_CLOEXEC),
      ...open(LAUNCHER.domain, files.domain, O.O_RDONLY),
      ...makeTree(plan),
      ...keepStreams(files.messages),
      ...makeLine(),
      ...(own === undefined ? [] : ownSteps(own, libvirtd)),
      ...run(createCommand(plan), result, libvirtd),
      ...(own === undefined ? [] : [endLibvirtd(libvirtd)]),
      // What the others hold is closed when they have.
      call('close_range', [PASSED.first, LAUNCHER.failure - 1, 0], {
        what: 'leave the rest to the container',
      }),
      load(word, result, 0, 4),
      when([word, '!=', 0], [exit(NO_CONTAINER)]),
      ...untilTheEnd(own !== undefined),
    ],
  };
}

/** Give a descriptor its number. */
const move = (from: Operand, to: number, flags: number): Step[] => [
  call('dup3', [from, to, flags], { what: `make it descriptor ${to}` }),
  call('close', [from], { what: 'close the other one' }),
];

function open(number: number, path: string, flags: number): Step[] {
  const file = slot(path);
  return [
    call('openat', [AT.AT_FDCWD, cstr(path), flags | O.O_CLOEXEC, 0o600], {
      what: `open ${path}`,
      object: path,
      into: file,
    }),
    ...move(file, number, flags & O.O_CLOEXEC),
  ];
}

/** Root and sources in one detached mount: libvirt passes on some thirty descriptors, and there can be more mounts. */
function makeTree({ root, tree, sources }: LaunchPlan): Step[] {
  const bind = (from: string, to: string): Step =>
    call('mount', [cstr(from), cstr(to), cstr(''), MS.MS_BIND | MS.MS_REC, 0], {
      what: `bind ${from}`,
      object: from,
    });
  const directory = (path: string): Step =>
    call('mkdirat', [AT.AT_FDCWD, cstr(path), 0o700], { what: `make ${path}`, object: path });
  const file = (path: string): Step =>
    call('mknodat', [AT.AT_FDCWD, cstr(path), S.S_IFREG | 0o600, 0], { what: `make ${path}`, object: path });
  const clonedTree = slot('tree');
  const flags = OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | AT.AT_RECURSIVE;
  return [
    group(
      'what the container is made of',
      call('mount', [cstr('ns'), cstr(tree), cstr('tmpfs'), 0, cstr('mode=0700')], {
        what: `mount a tmpfs on ${tree}`,
        object: tree,
      }),
      directory(`${tree}/root`),
      bind(root, `${tree}/root`),
      directory(`${tree}/mounts`),
      sources.flatMap(({ index, path, kind }) => {
        const to = `${tree}/mounts/${index}`;
        return [kind === 'directory' ? directory(to) : file(to), bind(path, to)];
      }),
      call('open_tree', [AT.AT_FDCWD, cstr(tree), flags], {
        what: 'take it by descriptor',
        into: clonedTree,
      }),
      move(clonedTree, PASSED.tree, 0),
    ),
  ];
}

/** The container gets the standard streams; what virsh and libvirtd say goes to a file. */
function keepStreams(messages: string): Step[] {
  const kept = [PASSED.stdin, PASSED.stdout, PASSED.stderr];
  return [
    group(
      'streams of the container, and of libvirt',
      kept.map((fd, number) => call('dup3', [number, fd, 0], { what: `keep descriptor ${number}` })),
      open(0, '/dev/null', O.O_RDONLY),
      open(1, messages, O.O_WRONLY | O.O_CREAT | O.O_APPEND),
      call('dup3', [1, 2, 0], { what: 'have errors go there too' }),
    ),
  ];
}

/** A pair of sockets: by it the supervisor tells how the program ended, and sees that the launcher has. */
function makeLine(): Step[] {
  const pair = scratch(8, 'line');
  const [ours, theirs] = [slot('our end'), slot('their end')];
  return [
    group(
      'line to the supervisor',
      call('socketpair', [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0, pair], {
        what: 'make a pair of sockets',
      }),
      load(ours, pair, 0, 4),
      load(theirs, pair, 4, 4),
      move(ours, LAUNCHER.line, O.O_CLOEXEC),
      move(theirs, PASSED.line, 0),
    ),
  ];
}

/** The command line of virsh. The domain's description is on a descriptor: its path may not be there for a libvirtd of our own. */
export const createCommand = ({
  virsh,
  uri,
  passed,
}: Pick<LaunchPlan, 'virsh' | 'uri' | 'passed'>): string[] => [
  virsh,
  '--quiet',
  '--connect',
  uri,
  'create',
  '--pass-fds',
  Array.from({ length: passed }, (_, index) => PASSED.first + index).join(','),
  `/proc/self/fd/${LAUNCHER.domain}`,
];

/** Nothing of it reaches the container. */
const ENVIRONMENT = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C', 'HOME=/'];

/**
 * Run virsh, and wait for its end. Whoever else has ended meanwhile is collected: libvirtd takes its process for a domain for
 * alive as long as there is one of that number.
 */
function run(args: readonly string[], status: Data, libvirtd: Slot): Step[] {
  const [virsh, gone] = [slot('virsh'), slot('gone')];
  return [
    clone({
      args: CLONE.CLONE_VM | CLONE.CLONE_VFORK,
      what: 'create the process of virsh',
      into: virsh,
      child: [
        ...dieWithLauncher(),
        call('execve', [cstr(args[0]!), strings(args), strings(ENVIRONMENT)], {
          what: `run ${args[0]}`,
          object: args[0],
        }),
      ],
    }),
    loop(
      call('wait4', [-1, status, 0, 0], { what: 'wait for virsh', into: gone, tolerate: ['EINTR'] }),
      when([gone, '==', virsh], [leave]),
      when([gone, '==', libvirtd], [set(libvirtd, 0)]),
    ),
  ];
}

/** It has done its part; domains go on without it, and all that it has written is in file systems that go with it. */
const endLibvirtd = (libvirtd: Slot): Step =>
  when(
    [libvirtd, '!=', 0],
    [
      call('kill', [libvirtd, SIG.SIGKILL], { what: 'end libvirtd' }),
      call('wait4', [libvirtd, 0, 0, 0], { what: 'wait for libvirtd' }),
    ],
  );

/** Wait for word from the supervisor, or for its end, and end alike. */
function untilTheEnd(isSubreaper: boolean): Step[] {
  const status = scratch(8, 'wait status');
  const length = slot('length');
  const [word, signal, self, left] = [slot('status'), slot('signal'), slot('self'), slot('left')];
  return [
    group(
      'until the end',
      call('read', [LAUNCHER.line, status, 4], {
        what: 'wait for the supervisor',
        into: length,
        tolerate: 'any',
      }),
      load(word, status, 0, 4),
      // Who was killed says nothing.
      when([length, '!=', 4], [compute(word, SIG.SIGKILL, '+', 0)]),
      isSubreaper ? collectAll(left) : [],
      compute(signal, word, '&', 0x7f),
      when(
        [signal, '!=', 0],
        [
          // No core of the launcher.
          call('prctl', [PR.PR_SET_DUMPABLE, 0, 0, 0, 0], { what: 'leave no core' }),
          call('getpid', [], { what: 'get the own process id', into: self }),
          call('kill', [self, signal], { what: 'end as the program did' }),
        ],
      ),
      compute(word, word, '>>', 8),
      compute(word, word, '&', 0xff),
      exit(word),
    ),
  ];
}

/** libvirt's process for the domain has become a child: it ends when its container has. */
const collectAll = (left: Slot): Step[] => [
  loop(
    call('wait4', [-1, 0, 0, 0], { what: 'wait for the container’s end', into: left, tolerate: 'any' }),
    when([left, '<', 0], [leave]),
  ),
];
