import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { chmodSync, writeFileSync } from 'node:fs';

import {
  AF,
  SIG,
  SOCK,
  call,
  clone,
  compile,
  compute,
  cstr,
  exit,
  failureOf,
  injectFault,
  load,
  leave,
  loop,
  scratch,
  slot,
  strings,
  struct,
  walk,
  type Failure,
  type Operand,
  type Program,
  type Slot,
  type Step,
  type SyscallName,
} from '@ns/syscall';

import {
  attachRoot,
  becomeRoot,
  defaultMounts,
  joinNamespaces,
  pivotRoot,
  planNamespaces,
  prepareRoot,
  requestIdMaps,
  writeIdMaps,
  type ChildRoot,
  type DefaultMounts,
  type DefaultMountsOptions,
  type NamespaceRequest,
  type NamespaceSources,
  type RootOptions,
  type RootSpec,
} from '../src/index.js';
import { Scratch } from './busybox-root.js';

/** What a test adds to a container that is otherwise the smallest one. */
export interface Parts {
  /** In the monitor, before clone3(2). */
  readonly host?: readonly Step[];
  /** In the first process, before the root is attached. */
  readonly early?: readonly Step[];
  /** After the default mounts. */
  readonly init?: readonly Step[];
  /** After pivot_root(2). */
  readonly inside?: readonly Step[];
  /** In the monitor, once the first process exists; in a loop that may be left. */
  readonly monitor?: readonly Step[];
}

/** What {@link Parts} can act by. */
export interface Handles {
  readonly rootFd: Operand;
  readonly own: DefaultMounts;
  readonly sources: NamespaceSources;
  /** The first process's end of the channel to the monitor, and the monitor's. */
  readonly socket: Slot;
  readonly monitor: Slot;
}

export interface ContainerOptions extends NamespaceRequest {
  readonly root: string | RootSpec;
  readonly rootOptions?: RootOptions;
  /** Run by `sh -c`. */
  readonly script: string;
  readonly parts?: (handles: Handles) => Parts;
  /** Without: nothing is mounted. */
  readonly defaultMounts?: boolean | Partial<DefaultMountsOptions>;
  /** Changes the program before it runs: to inject faults. */
  readonly change?: (program: Program) => Program;
  /** Run the program as this user of the host. */
  readonly as?: { readonly uid: number; readonly gid: number };
  readonly input?: string;
}

/** What became of a container. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly failure: Failure | undefined;
}

const STATUS_FD = 3;
const ROOT_FD = 4;
const FAILURE_STATUS = 111;

/** Start a container, wait for its end. A small driver: the order of the fragments is the one that they document. */
export function runContainer(options: ContainerOptions): Outcome {
  using scratchDirectory = new Scratch();
  chmodSync(scratchDirectory.path, 0o755);
  const at = scratchDirectory.directory('at');
  const spec: RootSpec =
    typeof options.root === 'string' ? { kind: 'directory', path: options.root } : options.root;
  using root = prepareRoot(spec, options.rootOptions);
  const program = containerProgram(options, root.inChild ?? ROOT_FD, at);
  return runProgram(options.change?.(program) ?? program, {
    directory: scratchDirectory.path,
    ...(root.fd ? { fd: root.fd.fd } : {}),
    ...(options.as ? { as: options.as } : {}),
    ...(options.input === undefined ? {} : { input: options.input }),
  });
}

/** Run a program with a directory for its executable, and one descriptor for it to inherit as number 4. */
export function runProgram(
  program: Program,
  {
    directory,
    fd,
    as,
    input = '',
  }: {
    directory: string;
    fd?: number;
    as?: ContainerOptions['as'];
    input?: string;
  },
): Outcome {
  const image = compile(program);
  const file = join(directory, 'program');
  writeFileSync(file, image.elf, { mode: 0o755 });
  const ended = spawnSync(file, [], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])],
    input,
    encoding: 'latin1',
    timeout: 20_000,
    maxBuffer: 64 * 1024 * 1024,
    cwd: '/',
    ...as,
  });
  if (ended.error) throw ended.error;
  const record = Buffer.from(ended.output[STATUS_FD] ?? '', 'latin1');
  return {
    status: ended.status,
    stdout: Buffer.from(ended.stdout, 'latin1').toString('utf8'),
    stderr: Buffer.from(ended.stderr, 'latin1').toString('utf8'),
    failure: record.length > 0 ? failureOf(image, record.subarray(0, 8)) : undefined,
  };
}

export function containerProgram(options: ContainerOptions, root: number | ChildRoot, at: string): Program {
  const plan = planNamespaces(options);
  const { sources } = plan;
  const attached = attachRoot({ root, at });
  const { rootFd } = attached;
  const own = defaultMounts({
    rootFd,
    sources,
    ...(options.gidMap ? { gidMap: options.gidMap } : {}),
    ...(typeof options.defaultMounts === 'object' ? options.defaultMounts : {}),
  });
  const pair = scratch(8, 'socket pair');
  const monitor = slot('monitor');
  const child = slot('child');
  const parts = options.parts?.({ rootFd, own, sources, socket: child, monitor }) ?? {};
  const { host = [], early = [], init = [], inside = [] } = parts;
  const newUser = sources.user === 'new';
  const pid = slot('pid');
  const maps = newUser
    ? writeIdMaps({
        socket: monitor,
        uidMap: options.uidMap!,
        gidMap: options.gidMap!,
        denySetgroups: options.as !== undefined,
        closed: [leave],
      })
    : [];
  return program('container', [
    ...host,
    ...joinNamespaces(plan),
    call('socketpair', [AF.AF_UNIX, SOCK.SOCK_SEQPACKET | SOCK.SOCK_CLOEXEC, 0, pair], {
      what: 'socketpair',
    }),
    load(monitor, pair, 0, 4),
    load(child, pair, 4, 4),
    clone({
      what: 'clone',
      args: cloneArgs(plan.cloneFlags),
      into: pid,
      child: [
        call('close', [monitor], { what: 'close' }),
        ...(newUser ? requestIdMaps({ socket: child }) : []),
        ...early,
        ...(sources.user === 'host' ? [] : becomeRoot()),
        ...attached.steps,
        ...(options.defaultMounts === false ? [] : own.steps),
        ...init,
        ...pivotRoot({ rootFd }),
        ...inside,
        call('execve', [cstr('/bin/sh'), strings(['sh', '-c', options.script]), strings(['PATH=/bin'])], {
          what: 'run the script',
        }),
      ],
    }),
    call('close', [child], { what: 'close' }),
    loop(...maps, ...(parts.monitor ?? []), leave),
    ...waitAndExit(pid),
  ]);
}

export const program = (title: string, steps: readonly Step[]): Program => ({
  title,
  statusFd: STATUS_FD,
  failureStatus: FAILURE_STATUS,
  steps,
});

/** `struct clone_args` for these flags. */
export const cloneArgs = (flags: number): ReturnType<typeof struct> =>
  struct([
    ['flags', 8, flags >>> 0],
    ['pidfd', 8, 0],
    ['child_tid', 8, 0],
    ['parent_tid', 8, 0],
    ['exit_signal', 8, SIG.SIGCHLD],
    ['stack', 8, 0],
    ['stack_size', 8, 0],
    ['tls', 8, 0],
  ]);

/** Wait for a child and exit as it did. */
export function waitAndExit(pid: Slot): readonly Step[] {
  const status = scratch(8, 'status');
  const code = slot('code');
  return [
    call('wait4', [pid, status, 0, 0], { what: 'wait' }),
    load(code, status, 0, 4),
    compute(code, code, '>>', 8),
    exit(code),
  ];
}

/** The same program, with the call of this purpose (and name) failing. */
export function faultAt(given: Program, what: string, errno: string, name?: SyscallName): Program {
  let index = 0;
  for (const step of walk(given.steps)) {
    if (step.op !== 'call' && step.op !== 'clone') continue;
    if (step.what === what && (name === undefined || (step.op === 'call' && step.name === name))) {
      return injectFault(given, index, errno);
    }
    index++;
  }
  throw new Error(`no call "${what}"`);
}

/** The same program on a kernel that does not have a system call. */
export function without(given: Program, name: SyscallName): Program {
  let index = 0;
  for (const step of walk(given.steps)) {
    if (step.op !== 'call' && step.op !== 'clone') continue;
    // What has failed is no call any more, so the rest is looked through again.
    if (step.op === 'call' && step.name === name) return without(injectFault(given, index, 'ENOSYS'), name);
    index++;
  }
  return given;
}
