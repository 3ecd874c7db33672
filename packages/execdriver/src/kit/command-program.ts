import { makeWorkdir, attachRoot, userMounts, type ChildRoot, type PlannedMount } from '@ns/namespaces';
import {
  AT,
  call,
  CLONE,
  clone,
  cstr,
  forgetChildren,
  group,
  leave,
  loop,
  MNT,
  MOUNT_ATTR,
  MOUNT_ATTR_SIZE,
  MOVE_MOUNT,
  MS,
  O,
  on,
  PR,
  slot,
  strings,
  struct,
  TIO,
  when,
  type Operand,
  type Program,
  type Step,
} from '@ns/syscall';

import type { ProcessSpec, Rlimit } from '../contract.js';
import { DESCRIPTOR, LAST_DESCRIPTOR, REPORT } from '../native/descriptors.js';
import { DEFAULT_STDIO } from '../native/ends.js';
import { letGo } from '../native/monitor.js';
import {
  dieWithMonitor,
  keepOnlyStandardStreams,
  nameProcess,
  setRlimits,
  setUmask,
  unblockSignals,
} from '../native/process.js';
import { FILES } from '../native/state.js';
import { BORROW_MEMORY, cloneArguments } from '../native/supervise.js';
import {
  beginMonitor,
  recordPids,
  report,
  watch,
  type HeldOutput,
  type WatchOptions,
} from '../native/watch.js';
import type { HostCommand } from './command.js';
import { CONSOLE_LISTENER, keepConsoleDirectory } from './console.js';
import { watchLeaving } from './leaving.js';

/** The descriptors that a command asked for are born above all others, and moved to their places last. */
export const FIRST_EXTRA = 64;

/** Where failures are told: the number that it is born with may be one that the command asks for. */
const STATUS = LAST_DESCRIPTOR + 1;

/** The root that is attached for a command. */
export interface CommandRoot {
  /** The number of its descriptor, or what is mounted there. */
  readonly root: number | ChildRoot;
  /** Where. */
  readonly at: string;
  readonly mounts: readonly PlannedMount[];
  readonly readonly: boolean;
  /** Made when it is missing. */
  readonly cwd: string;
}

/** All that the program of a command depends on. */
export interface CommandPlan {
  readonly command: Omit<HostCommand, 'root' | 'mounts' | 'readonlyRoot' | 'fds'>;
  readonly root: CommandRoot | undefined;
  /** The command's own numbers of the descriptors that it asked for, in the order in which they are born. */
  readonly extra: readonly number[];
  readonly rlimits: readonly Rlimit[];
  /** What the monitor holds of these streams. */
  readonly stdio: Pick<ProcessSpec, 'terminal' | 'stdio'>;
  /** It is a container's command: the end is written down. Otherwise that of an exec. */
  readonly record: boolean;
}

/** The program that runs a host command and stays as the monitor of its container. */
export function commandProgram(plan: CommandPlan): Program {
  const { command, record, stdio } = plan;
  const child = slot('command');
  const options: WatchOptions = record ? { record, held: heldOutputs(stdio) } : { record };
  return {
    title: `run ${command.file}`,
    statusFd: STATUS,
    failureStatus: 127,
    steps: [
      group(
        'status',
        call('dup3', [DESCRIPTOR.status, STATUS, O.O_CLOEXEC], { what: 'tell of failures elsewhere' }),
        call('close', [DESCRIPTOR.status], { what: 'close the other one' }),
      ),
      group('monitor', beginMonitor(record ? 'ns-monitor' : 'ns-exec')),
      ...(command.life === 'stays'
        ? []
        : [
            call('prctl', [PR.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0], {
              what: 'become the parent of whoever the command leaves',
            }),
          ]),
      clone({
        args: cloneArguments(BORROW_MEMORY),
        what: `create the process of ${command.file}`,
        into: child,
        child: commandSteps(plan),
      }),
      group(
        'monitor: the command exists',
        report(REPORT.started, child),
        record ? recordPids(child) : [],
        letGo(keptBy(plan)),
        forgetChildren,
        command.life === 'stays'
          ? watch(child, options)
          : watchLeaving(child, { ...command.life, makesTerminal: makesTerminal(plan) }, options),
      ),
    ],
  };
}

const isTerminal = ({ stdio }: CommandPlan): boolean => stdio.terminal !== undefined;

const makesTerminal = (plan: CommandPlan): boolean => isTerminal(plan) && plan.command.console !== undefined;

function heldOutputs({ terminal, stdio = DEFAULT_STDIO }: CommandPlan['stdio']): HeldOutput[] {
  if (terminal !== undefined) return [{ fd: DESCRIPTOR.master, file: FILES.stdout }];
  return [
    ...(stdio[1] === 'pipe' ? [{ fd: DESCRIPTOR.heldStdout, file: FILES.stdout }] : []),
    ...(stdio[2] === 'pipe' ? [{ fd: DESCRIPTOR.heldStderr, file: FILES.stderr }] : []),
  ];
}

/** What the monitor keeps: the way to its creator; of a container also the state directory, and what it holds of the streams. */
function keptBy(plan: CommandPlan): number[] {
  const { report: reports, state, heldStdin, heldStdout, heldStderr, console, master } = DESCRIPTOR;
  const terminal = makesTerminal(plan)
    ? [console, master, CONSOLE_LISTENER]
    : isTerminal(plan)
      ? [master]
      : [];
  if (!plan.record) return [reports, ...terminal];
  const { stdio = DEFAULT_STDIO } = plan.stdio;
  const held = [heldStdin, heldStdout, heldStderr].filter((_, index) => stdio[index] === 'pipe');
  return [reports, state, ...(isTerminal(plan) ? terminal : held)];
}

function commandSteps(plan: CommandPlan): Step[] {
  const { command, root } = plan;
  const { unmount = [], hide = [] } = command;
  const ownsMounts = root !== undefined || unmount.length > 0 || hide.length > 0;
  return [
    group(
      'a process of its own',
      nameProcess('ns-start'),
      dieWithMonitor(),
      call('setsid', [], { what: 'start a session' }),
      isTerminal(plan) && !makesTerminal(plan) && command.devpts === undefined
        ? [call('ioctl', [0, TIO.TIOCSCTTY, 0], { what: 'make its terminal the controlling one' })]
        : [],
    ),
    ...(ownsMounts ? privateMounts(unmount, hide, root) : []),
    group(
      'run',
      call('chdir', [cstr(command.cwd ?? '/')], { what: `go to ${command.cwd ?? '/'}` }),
      setRlimits(plan.rlimits),
      setUmask(0o022),
      unblockSignals(),
      keepOnlyStandardStreams(3),
      makesTerminal(plan) ? [keepConsoleDirectory()] : [],
      plan.extra.map((number, index) =>
        call('dup3', [FIRST_EXTRA + index, number, 0], { what: `give it descriptor ${number}` }),
      ),
      call('execve', [cstr(command.file), strings(command.args), strings(command.env)], {
        what: `run ${command.file}`,
        object: command.file,
        hints: { ENOENT: `${command.file} is not installed` },
      }),
    ),
  ];
}

/** Nothing of it spreads to the host, and it is gone with the last process that is in it. */
function privateMounts(
  unmount: readonly string[],
  hide: readonly string[],
  root: CommandRoot | undefined,
): Step[] {
  const mounts =
    root === undefined ? undefined : userMounts({ mounts: root.mounts, rootFd: slotOf(root).rootFd });
  return [
    // While mounts are the host's own, and can be shared with it.
    ...(mounts?.host ?? []),
    group(
      'private mounts',
      call('unshare', [CLONE.CLONE_NEWNS], { what: 'create a mount namespace' }),
      call('mount', [cstr(''), cstr('/'), cstr(''), MS.MS_SLAVE | MS.MS_REC, 0], {
        what: 'keep mounts from spreading to the host',
        object: '/',
      }),
      unmount.map(unmountAll),
      hide.map(hideFile),
    ),
    ...(root === undefined
      ? []
      : [
          call('umask', [0], { what: 'create files with the exact modes that follow' }),
          ...slotOf(root).steps,
          ...(mounts?.init ?? []),
          ...makeWorkdir({ rootFd: slotOf(root).rootFd, path: root.cwd }),
          ...(root.readonly ? makeReadonly(root.at) : []),
        ]),
  ];
}

/** Behind /dev/null. */
export const hideFile = (path: string): Step =>
  call('mount', [cstr('/dev/null'), cstr(path), cstr(''), MS.MS_BIND, 0], {
    what: `hide ${path}`,
    object: path,
    tolerate: ['ENOENT', 'ENOTDIR'],
  });

/** All that is mounted there, one on top of the other. */
function unmountAll(path: string): Step {
  const answer = slot('answer');
  return loop(
    call('umount2', [cstr(path), MNT.MNT_DETACH], {
      what: `unmount ${path}`,
      object: path,
      into: answer,
      tolerate: ['ENOENT', 'EINVAL', 'ENOTDIR'],
    }),
    when([answer, '<', 0], [leave]),
  );
}

interface Attached {
  readonly steps: readonly Step[];
  readonly rootFd: Operand;
}

const attached = new WeakMap<CommandRoot, Attached>();

/** Once for each root: the steps share a slot. */
function slotOf(root: CommandRoot): Attached {
  const known = attached.get(root) ?? attach(root);
  attached.set(root, known);
  return known;
}

function attach({ root, at }: CommandRoot): Attached {
  if (typeof root === 'number') {
    const flags = MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH;
    const what = `attach the root on ${at}`;
    return {
      steps: [call('move_mount', [root, cstr(''), AT.AT_FDCWD, cstr(at), flags], { what, object: at })],
      rootFd: root,
    };
  }
  if (root.kind === 'overlay') return attachRoot({ root, at });
  const rootFd = slot('root');
  const none = cstr('');
  const what = `bind ${root.path} on ${at}`;
  const mount = (source: string, flags: number): Step =>
    call('mount', [cstr(source), cstr(at), none, flags, 0], { what, object: at });
  return {
    rootFd,
    steps: [
      mount(root.path, MS.MS_BIND | MS.MS_REC),
      mount('', MS.MS_PRIVATE | MS.MS_REC),
      ...(root.readonly ? [mount('', MS.MS_REMOUNT | MS.MS_BIND | MS.MS_RDONLY)] : []),
      call('openat', [AT.AT_FDCWD, cstr(at), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
        what: 'open the root',
        object: at,
        into: rootFd,
      }),
    ],
  };
}

/** Of the root alone. Before kernel 5.12 by mount(2). */
function makeReadonly(at: string): Step[] {
  const attr = struct([
    ['attr_set', 8, MOUNT_ATTR.MOUNT_ATTR_RDONLY, 'MOUNT_ATTR_RDONLY'],
    ['attr_clr', 8, 0],
    ['propagation', 8, 0],
    ['userns_fd', 8, 0],
  ]);
  const what = `make ${at} read-only`;
  const flags = MS.MS_REMOUNT | MS.MS_BIND | MS.MS_RDONLY;
  return [
    call('mount_setattr', [AT.AT_FDCWD, cstr(at), 0, attr, MOUNT_ATTR_SIZE.MOUNT_ATTR_SIZE_VER0], {
      what,
      object: at,
      on: [on(['ENOSYS'], call('mount', [cstr(''), cstr(at), cstr(''), flags, 0], { what, object: at }))],
    }),
  ];
}
