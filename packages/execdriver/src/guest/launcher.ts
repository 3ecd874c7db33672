import { capabilityMask, parseCapability } from '@ns/caps';
import type { Filter } from '@ns/seccomp';
import { loadSteps } from '@ns/seccomp';
import {
  AT,
  call,
  CLONE,
  clone,
  compute,
  cstr,
  exit,
  F,
  group,
  load,
  MS,
  O,
  S,
  scratch,
  SIG,
  slot,
  store,
  strings,
  TIO,
  when,
  type Program,
  type Slot,
  type Step,
} from '@ns/syscall';

import {
  becomeUser,
  blockSignals,
  dieWithMonitor,
  nameProcess,
  noNewPrivileges,
  unblockSignals,
} from '../native/process.js';
import { cloneArguments, exitAs, waitForChild } from '../native/supervise.js';
import { keepBounded } from './bounded.js';
import { frames } from './copy.js';
import { reserve } from './events.js';
import { MAIN_SESSION, makePipe } from './streams.js';
import { execFd, execFifo, execStreams } from './exec-ports.js';
import { FILE_SERVER, startFileServer, type FileServer } from './file-server.js';
import { enterJail, type Jail } from './jail.js';
import { CONTROL, EVENT, RECORD_SIZE } from './records.js';
import { rawTermios } from './transport.js';

/** The files of a virtual machine in its state directory. */
export const MACHINE_FILES = {
  /** Events of the guest: {@link EVENT}. */
  events: 'events',
  /** A fifo for commands to the guest: {@link CONTROL}. */
  control: 'control',
  /** What the guest's kernel prints. */
  console: 'console',
  /** What the process of the virtual machine prints. */
  log: 'log',
  /** A failure record of the program that starts it. */
  failure: 'failure',
  /** An empty directory: the root of its process. */
  jail: 'jail',
} as const;

/** The descriptors of the process of a virtual machine, beside 0. Its own output and errors are its log. */
export const MACHINE_FD = {
  /** Output and errors of the container. */
  stdout: 11,
  stderr: 12,
  /** Input of the container, in frames. */
  input: 13,
  control: 14,
  events: 15,
  console: 16,
} as const;

const STATUS = 20;
/** The files that it writes. */
const FILE_FD = { log: 21, events: 22, console: 23 } as const;

/**
 * What the process of a virtual machine may do with the container's files, which belong to many users. Without
 * CAP_DAC_READ_SEARCH it cannot open files by handles (the escape of 2014 from Docker), without CAP_SYS_ADMIN not mount.
 */
export const FILE_CAPABILITIES: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'MKNOD',
  'SETFCAP',
];

/** How the process of a virtual machine is started. */
export interface LauncherPlan {
  readonly jail: Jail;
  /** The state directory: {@link MACHINE_FILES}. */
  readonly directory: string;
  /** The program of the virtual machine, by its path in the jail. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** What serves the container's files to it, where it does not do that itself. */
  readonly fileServer?: FileServer | undefined;
  /** Give it the input in frames, on {@link MACHINE_FD.input}; otherwise it gets it as it is, as descriptor 0. */
  readonly isFramed: boolean;
  readonly isTerminal: boolean;
  readonly filter: Filter;
  readonly highestCapability: number;
}

/**
 * The program that puts the process of a virtual machine into a jail and namespaces of its own, takes its rights, and stays
 * to tell it of new sizes of the terminal and to end as it does.
 */
export function launcherProgram(plan: LauncherPlan): Program {
  const child = slot('virtual machine');
  const keeper = slot('keeper');
  const status = scratch(4, 'wait status');
  const namespaces = CLONE.CLONE_NEWIPC | CLONE.CLONE_NEWUTS | CLONE.CLONE_NEWNET | CLONE.CLONE_NEWCGROUP;
  return {
    title: 'run a virtual machine',
    statusFd: STATUS,
    failureStatus: 127,
    steps: [
      group('files of the machine', ...openFiles(plan)),
      nameProcess('ns-machine'),
      blockSignals(),
      ...(plan.isTerminal
        ? [call('ioctl', [0, TIO.TCSETS, rawTermios()], { what: 'let the terminal pass every byte' })]
        : []),
      call('unshare', [namespaces], { what: 'create namespaces for the virtual machine' }),
      ...enterJail(plan.jail),
      ...(plan.isFramed ? frameInput() : []),
      ...keepSayings(keeper),
      clone({
        args: cloneArguments(CLONE.CLONE_NEWPID),
        what: 'create the process of the virtual machine',
        into: child,
        child: machineSteps(plan),
      }),
      ...leaveSayings(),
      ...tellProcess(child),
      waitForChild(child, status, (signal) =>
        plan.isTerminal ? [when([signal, '==', SIG.SIGWINCH], forwardSize())] : [],
      ),
      // It may have been collected already.
      call('wait4', [keeper, 0, 0, 0], { what: 'wait until all is kept', tolerate: ['ECHILD'] }),
      ...exitAs(status),
    ],
  };
}

function openFiles(plan: LauncherPlan): Step[] {
  const { directory } = plan;
  const append = O.O_WRONLY | O.O_CREAT | O.O_APPEND | O.O_CLOEXEC;
  const path = (name: keyof typeof MACHINE_FILES): string => `${directory}/${MACHINE_FILES[name]}`;
  return [
    ...open(path('failure'), append, STATUS, O.O_CLOEXEC),
    ...reserve([...Object.values(MACHINE_FD), FILE_SERVER.fd, ...Object.values(FILE_FD)]),
    ...open(path('log'), append, FILE_FD.log, O.O_CLOEXEC),
    ...open(path('events'), append, FILE_FD.events, O.O_CLOEXEC),
    ...open(path('console'), append, FILE_FD.console, O.O_CLOEXEC),
    call('mknodat', [AT.AT_FDCWD, cstr(path('control')), S.S_IFIFO | 0o600, 0], {
      what: 'make a fifo for commands',
    }),
    // For writing, too: it has no end then.
    ...open(path('control'), O.O_RDWR | O.O_CLOEXEC, MACHINE_FD.control, 0),
    ...execStreams().flatMap((each) => openFifo(plan, each)),
    ...forWriting(1, MACHINE_FD.stdout),
    ...forWriting(2, MACHINE_FD.stderr),
  ];
}

/** QEMU takes a descriptor for what it writes only if it is for writing alone: terminals are not. */
function forWriting(fd: number, number: number): Step[] {
  const [flags, opened] = [slot('flags'), slot('opened')];
  const path = `/proc/self/fd/${fd}`;
  const how = O.O_WRONLY | O.O_APPEND | O.O_NOCTTY | O.O_CLOEXEC;
  return [
    call('dup3', [fd, number, 0], { what: `have descriptor ${fd} as ${number}` }),
    call('fcntl', [fd, F.F_GETFL, 0], { what: 'ask how it is open', into: flags }),
    compute(flags, flags, '&', O.O_RDWR),
    when(
      [flags, '!=', 0],
      [
        // A socket has no name to open it by.
        call('openat', [AT.AT_FDCWD, cstr(path), how, 0], {
          what: 'open it for writing',
          into: opened,
          tolerate: 'any',
        }),
        when(
          [opened, '>=', 0],
          [
            call('dup3', [opened, number, 0], { what: `have it as ${number}` }),
            call('close', [opened], { what: 'close the other one' }),
          ],
        ),
      ],
    ),
  ];
}

/** Bytes of what a virtual machine says that are kept: far more than a start takes. */
const KEPT_BYTES = 64 * 1024;

/** Pipes for what the virtual machine says, and a process that keeps some of it. */
function keepSayings(keeper: Slot): Step[] {
  const names = ['log', 'events', 'console'] as const;
  const pipes = names.map((name) => ({ name, ...makePipe(name) }));
  const targets = { log: 1, events: MACHINE_FD.events, console: MACHINE_FD.console } as const;
  return [
    ...pipes.flatMap(({ step }) => step),
    keepBounded({
      all: pipes.map(({ name, read }) => ({ from: read, to: FILE_FD[name], limitBytes: KEPT_BYTES })),
      close: [...pipes.map(({ write }) => write), MACHINE_FD.stdout, MACHINE_FD.stderr],
      into: keeper,
    }),
    ...pipes.flatMap(({ name, read, write }) => [
      call('close', [read], { what: 'leave the end to the keeper' }),
      call('dup3', [write, targets[name], 0], { what: `have the ${name} go there` }),
      call('close', [write], { what: 'close the other one' }),
    ]),
    call('dup3', [1, 2, 0], { what: 'print errors into the log, too' }),
  ];
}

/** The ends that are the machine's alone. */
const leaveSayings = (): Step[] =>
  [1, 2, MACHINE_FD.events, MACHINE_FD.console].map((fd) =>
    call('close', [fd], { what: 'leave it to the machine' }),
  );

/**
 * For reading and writing, so that it has no end. QEMU takes a descriptor for what it writes only if it is for writing alone;
 * for User Mode Linux one without a reader would be an event that never ends.
 */
function openFifo(
  { directory, isFramed }: LauncherPlan,
  { slot: number, stream }: ReturnType<typeof execStreams>[number],
): Step[] {
  const path = `${directory}/${execFifo(number, stream)}`;
  const fd = execFd(number, stream);
  const both = open(path, O.O_RDWR | O.O_CLOEXEC, fd, 0);
  const isWritten = stream !== 'input' && !isFramed;
  return [makeFifo(path), ...both, ...(isWritten ? open(path, O.O_WRONLY | O.O_CLOEXEC, fd, 0) : [])];
}

const makeFifo = (path: string): Step =>
  call('mknodat', [AT.AT_FDCWD, cstr(path), S.S_IFIFO | 0o600, 0], {
    what: `make the fifo ${path}`,
    object: path,
  });

function open(path: string, flags: number, number: number, dupFlags: number): Step[] {
  const file = slot(path);
  return [
    call('openat', [AT.AT_FDCWD, cstr(path), flags, 0o600], {
      what: `open ${path}`,
      object: path,
      into: file,
    }),
    call('dup3', [file, number, dupFlags], { what: `make it descriptor ${number}` }),
    call('close', [file], { what: 'close the other one' }),
  ];
}

/** A process that puts the input into frames: its end must not be the end of the line, which loses what is unread. */
function frameInput(): Step[] {
  const ends = scratch(8, 'pipe for input');
  const [read, write] = [slot('input, read end'), slot('input, write end')];
  return [
    call('pipe2', [ends, O.O_CLOEXEC], { what: 'make a pipe for the input' }),
    load(read, ends, 0, 4),
    load(write, ends, 4, 4),
    clone({
      args: 0,
      what: 'start to put the input into frames',
      into: slot('framing process'),
      child: [
        dieWithMonitor(),
        call('close', [read], { what: 'leave the other end to the virtual machine' }),
        frames({ from: 0, to: write, what: 'input', session: MAIN_SESSION }),
        exit(0),
      ],
    }),
    // The other end stays open here: at the end of a line its kernel throws away what nobody has read yet.
    call('dup3', [read, MACHINE_FD.input, 0], { what: 'give the virtual machine the frames' }),
    call('close', [read], { what: 'close the other one' }),
  ];
}

function machineSteps(plan: LauncherPlan): Step[] {
  const root = { uid: 0, gid: 0, groups: [] };
  const nothing = slot('nothing');
  return [
    ...(plan.isFramed
      ? [
          call('openat', [AT.AT_FDCWD, cstr('/dev/null'), O.O_RDWR | O.O_CLOEXEC, 0], {
            what: 'open /dev/null',
            into: nothing,
          }),
          call('dup3', [nothing, 0, 0], { what: 'have no input' }),
        ]
      : []),
    mountProcesses(),
    ...(plan.fileServer === undefined
      ? []
      : startFileServer(plan.fileServer, FILE_CAPABILITIES, plan.highestCapability, STATUS)),
    group(
      'rights',
      becomeUser(root, capabilityMask(FILE_CAPABILITIES.map(parseCapability)), plan.highestCapability),
      dieWithMonitor(),
      noNewPrivileges(),
      loadSteps(plan.filter),
    ),
    ...runBelow(plan),
  ];
}

/**
 * The first process of the pid namespace waits for the virtual machine: signals that end others do nothing to the first, and
 * User Mode Linux ends itself by one when something is wrong.
 */
function runBelow(plan: LauncherPlan): Step[] {
  const machine = slot('virtual machine');
  const status = scratch(4, 'wait status');
  return [
    blockSignals(),
    clone({
      args: 0,
      what: 'create the process of the virtual machine',
      into: machine,
      child: [
        dieWithMonitor(),
        unblockSignals(),
        call('execve', [cstr(plan.file), strings(plan.args), strings(plan.env)], {
          what: `run ${plan.file}`,
          object: plan.file,
        }),
      ],
    }),
    call('close_range', [0, STATUS - 1, 0], { what: 'leave all streams to it' }),
    call('close_range', [STATUS + 1, 0xffff_ffff, 0], { what: 'leave all files to it' }),
    waitForChild(machine, status, () => []),
    ...exitAs(status),
  ];
}

/**
 * A procfs without anything but processes, and read-only: a file's mode is changed by its name there (fchmodat(2) cannot help
 * following links), and the rest of it steers the machine. `subset` came with Linux 5.8.
 */
const mountProcesses = (): Step =>
  call(
    'mount',
    [
      cstr('proc'),
      cstr('/proc'),
      cstr('proc'),
      MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC,
      cstr('subset=pid'),
    ],
    { what: 'mount /proc of the virtual machine', object: '/proc' },
  );

function tellProcess(child: Slot): Step[] {
  const record = scratch(RECORD_SIZE, 'event');
  return [
    store(EVENT.process, record, 0, 4),
    store(child, record, 4, 4),
    call('write', [FILE_FD.events, record, RECORD_SIZE], { what: 'tell the process' }),
  ];
}

/** The terminal of the host has another size: so shall that of the container. */
function forwardSize(): Step[] {
  const size = scratch(8, 'winsize');
  const record = scratch(RECORD_SIZE, 'command');
  const value = slot('side');
  return [
    call('ioctl', [0, TIO.TIOCGWINSZ, size], { what: 'ask for the size of the terminal', tolerate: 'any' }),
    store(CONTROL.resize, record, 0, 4),
    load(value, size, 0, 2),
    store(value, record, 4, 2),
    load(value, size, 2, 2),
    store(value, record, 6, 2),
    call('write', [MACHINE_FD.control, record, RECORD_SIZE], { what: 'tell the guest', tolerate: 'any' }),
  ];
}
