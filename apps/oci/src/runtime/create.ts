import { copyFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { highestCapability, parseCapability } from '@ns/caps';
import type { Cgroup } from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';
import { joining, readUserFiles, resolveUser, withHome } from '@ns/execdriver/runtime';
import {
  checkJoins,
  NAMESPACE_KINDS,
  planNamespaces,
  prepareRoot,
  type ConfigMount,
  type NamespacePlan,
  type PreparedRoot,
} from '@ns/namespaces';
import { filterFor, hostContext, sendListener, type Filter } from '@ns/seccomp';
import {
  AT,
  memfdCreate,
  O,
  openat2,
  openPath,
  OwnedFd,
  pidfdOpen,
  receiveFds,
  S,
  socketPair,
  syscall,
  walk,
  writeAll,
  type Image,
} from '@ns/syscall';

import { loadBundle } from '../config/load.js';
import type { ContainerPlan, OciMount, ProcessPlan } from '../plan.js';
import { cgroupView, makeCgroup, removeCgroup, type MadeCgroup } from './cgroup.js';
import { grantableLimits } from './limits.js';
import { grantable } from './capabilities.js';
import { filledTmpfs } from './copy-up.js';
import { descriptorsFor, type Descriptors } from './descriptors.js';
import { runtimeHooks, waitsForCreator, type CreateFacts } from './facts.js';
import { runHook } from './hooks.js';
import { deniesSetgroups, writeMaps } from './id-maps.js';
import { answer, converse, endProcess, inCallersWords, launch, type Launched } from './launch.js';
import { moveNetDevices } from './net-devices.js';
import { createProgram } from './program.js';
import {
  claim,
  FILES,
  ociState,
  ownName,
  removeState,
  startOf,
  writeState,
  type LateStep,
  type StateRecord,
} from './state.js';
import { connectTo, sendTo } from './unix-socket.js';

/** What `create` and `run` are told. */
export interface CreateOptions {
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
  readonly systemdCgroup: boolean;
  readonly rootless: boolean;
  readonly consoleSocket?: string | undefined;
  readonly pidfdSocket?: string | undefined;
  readonly pidFile?: string | undefined;
  readonly noPivot: boolean;
  readonly noNewKeyring: boolean;
  readonly preserveFds: number;
  /** A terminal without a console socket is given to the caller of {@link createContainer}. */
  readonly ownTerminal: boolean;
  readonly warn: (message: string) => void;
}

/** A container that waits for its start. */
export interface Created {
  readonly record: StateRecord;
  readonly directory: string;
  readonly pid: number;
  /** Of its terminal, with `ownTerminal`. */
  readonly master: OwnedFd | undefined;
}

/**
 * Create a container: everything but its program.
 *
 * @throws {@link NsError} when something cannot be; nothing is left of the attempt then.
 */
export async function createContainer(options: CreateOptions): Promise<Created> {
  const { root, id, bundle, warn } = options;
  const plan = resolveIdMaps(
    loadBundle(bundle, { id, systemdCgroup: options.systemdCgroup, rootless: options.rootless, warn }),
  );
  checkTerminal(plan, options);
  checkNetDevices(plan);
  const namespaces = planOf(plan);
  checkJoins(namespaces);
  const kinds = new Map(
    plan.mounts.map((mount): [ConfigMount, 'directory' | 'file'] => [mount, kindOf(mount)]),
  );
  const directory = claim(root, id);
  let made: MadeCgroup | undefined;
  try {
    copyFileSync(join(plan.bundle, 'config.json'), join(directory, FILES.config));
    made = await makeCgroup(plan, options);
    const { cgroup, unit } = made ?? {};
    const created = await create({ options, plan, namespaces, kinds, directory, cgroup, unit });
    await made?.release();
    return created;
  } catch (error) {
    await discard(made);
    removeState(directory);
    throw error;
  }
}

/** An id map that is not given is the container's own. */
function resolveIdMaps(plan: ContainerPlan): ContainerPlan {
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

function checkTerminal({ process }: ContainerPlan, { consoleSocket, ownTerminal }: CreateOptions): void {
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
function checkNetDevices({ netDevices, spec }: ContainerPlan): void {
  if (Object.keys(netDevices).length === 0 || spec.namespaces?.net === 'new') return;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'linux.netDevices',
    message: 'interfaces are moved into new network namespaces only',
    hint: 'move them into the one that is joined where it is made',
  });
}

const isPrivileged = (): boolean => process.geteuid?.() === 0;

function planOf({ spec }: ContainerPlan): NamespacePlan {
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

function kindOf(mount: OciMount): 'directory' | 'file' {
  if (mount.bind === undefined) return 'directory';
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

interface Attempt {
  readonly options: CreateOptions;
  readonly plan: ContainerPlan;
  readonly namespaces: NamespacePlan;
  readonly kinds: ReadonlyMap<ConfigMount, 'directory' | 'file'>;
  readonly directory: string;
  readonly cgroup: Cgroup | undefined;
  /** Of systemd, when it has made the cgroup. */
  readonly unit: string | undefined;
}

async function create(attempt: Attempt): Promise<Created> {
  const { options, plan, directory, cgroup } = attempt;
  using held = new Descriptive();
  const root = held.add(prepareRoot(plan.spec.root, { privileged: isPrivileged() }));
  const made = fillMounts(plan, root, held, options);
  const listen = listenFds();
  const preserved = listen + options.preserveFds;
  const numbers = descriptorsFor(preserved, made.length);
  const handle = cgroup === undefined ? undefined : held.add(cgroup.openForJoin());
  const way = handle === undefined ? undefined : joining(handle);
  const console = openConsole(plan, options, held);
  const hookFiles = held.add(new HookFiles(plan));
  const start = held.add(makeFifo(join(directory, FILES.start), O.O_RDWR));
  const status = held.add(makeFifo(join(directory, FILES.status), O.O_RDONLY | O.O_NONBLOCK));
  const told = held.add(openat2(join(directory, FILES.status), { flags: O.O_WRONLY }));

  const facts = gatherFacts(attempt, { root, numbers, preserved, listen, made, joining: way?.joining });
  let record = firstRecord(attempt);
  writeState(directory, record);
  using launched = launch({
    operation: 'create',
    program: createProgram(plan, facts),
    argv: ['ns-oci', 'init', options.id],
    numbers,
    status,
    fallbackDirectory: directory,
    fds: {
      0: 0,
      1: 1,
      2: 2,
      ...way?.fds,
      [numbers.status]: told.fd,
      [numbers.start]: start.fd,
      ...(root.fd === undefined ? {} : { [numbers.root]: root.fd.fd }),
      ...(console === undefined ? {} : { [numbers.console]: console.theirs.fd }),
      ...hookFiles.fds(numbers),
      ...Object.fromEntries(made.map(({ fd }, index) => [numbers.mounts + index, fd.fd])),
      ...Object.fromEntries(
        Array.from({ length: preserved }, (_, index) => [numbers.preserved + index, 3 + index]),
      ),
    },
  });
  told.close();
  console?.theirs.close();
  const { pid } = launched;
  try {
    record = {
      ...record,
      init_process_pid: pid,
      init_process_start: startOf(pid) ?? 0,
      ...namesOf(pid, plan),
    };
    writeState(directory, record);
    await accompany(attempt, { launched, record, status, hookFiles });
    const done: StateRecord = { ...record, creating: false, late_steps: lateSteps(launched.image, plan) };
    writeState(directory, done);
    tellPid(options, pid);
    return { record: done, directory, pid, master: receiveMaster(console?.ours) };
  } catch (error) {
    endProcess(pid);
    throw error;
  }
}

/** Closes what it was given, the last first. */
class Descriptive implements Disposable {
  readonly #held: Disposable[] = [];

  add<T extends Disposable>(one: T): T {
    this.#held.push(one);
    return one;
  }

  [Symbol.dispose](): void {
    for (const one of this.#held.toReversed()) one[Symbol.dispose]();
  }
}

interface MadeMount {
  readonly mount: OciMount;
  readonly fd: OwnedFd;
}

/** The tmpfs that are filled from the image: by us, for a program of system calls copies no trees. */
function fillMounts(
  plan: ContainerPlan,
  root: PreparedRoot,
  held: Descriptive,
  { warn }: CreateOptions,
): MadeMount[] {
  return plan.mounts.flatMap((mount) => {
    if (!mount.copyUp) return [];
    if (root.fd === undefined) {
      warn(`${mount.field}: tmpcopyup needs the rights of root; the mount is empty`);
      return [];
    }
    const owner = { uid: plan.spec.uidMap?.[0]?.outside ?? 0, gid: plan.spec.gidMap?.[0]?.outside ?? 0 };
    return [{ mount, fd: held.add(filledTmpfs(mount, root.fd.fd, owner)) }];
  });
}

/** Descriptors that a service manager has handed to us: see sd_listen_fds(3). */
function listenFds(): number {
  const { LISTEN_FDS: count = '', LISTEN_PID: pid = '' } = process.env;
  return /^\d{1,3}$/.test(count) && (pid === '' || Number(pid) === process.pid) ? Number(count) : 0;
}

/** The socket that the terminal's master is sent to: the caller's, or one to ourselves. */
function openConsole(
  { process }: ContainerPlan,
  { consoleSocket }: CreateOptions,
  held: Descriptive,
): { readonly theirs: OwnedFd; readonly ours?: OwnedFd } | undefined {
  if (process?.terminal !== true) return undefined;
  if (consoleSocket !== undefined) return { theirs: held.add(connectTo(consoleSocket, 'console-socket')) };
  const pair = held.add(socketPair());
  return { theirs: pair.right, ours: pair.left };
}

function receiveMaster(socket: OwnedFd | undefined): OwnedFd | undefined {
  return socket === undefined ? undefined : receiveFds(socket.fd, { maxFds: 1 })?.fds[0];
}

function makeFifo(path: string, flags: number): OwnedFd {
  syscall({ what: `create ${path}`, path }, 'mknodat', AT.AT_FDCWD, path, S.S_IFIFO | 0o600, 0);
  return openat2(path, { flags });
}

/** Files by which hooks in the container's namespaces get its state, and for what they write. */
class HookFiles implements Disposable {
  readonly #create: OwnedFd | undefined;
  readonly #start: OwnedFd | undefined;
  readonly #output: OwnedFd | undefined;

  constructor({ hooks }: ContainerPlan) {
    if (hooks.createContainer.length > 0) {
      this.#create = memfdCreate('state');
      this.#output = memfdCreate('output');
    }
    if (hooks.startContainer.length > 0) this.#start = memfdCreate('state');
  }

  fds(numbers: Descriptors): Record<number, number> {
    const fds: Record<number, number> = {};
    if (this.#create !== undefined) fds[numbers.createState] = this.#create.fd;
    if (this.#output !== undefined) fds[numbers.hookOutput] = this.#output.fd;
    if (this.#start !== undefined) fds[numbers.startState] = this.#start.fd;
    return fds;
  }

  /** @param pid - As the container's pid namespace has it. */
  fill(record: StateRecord, pid: number): void {
    const text = (status: 'creating' | 'created'): Buffer =>
      Buffer.from(`${JSON.stringify(ociState(record, status, pid))}\n`);
    if (this.#create !== undefined) writeAll(this.#create.fd, text('creating'));
    if (this.#start !== undefined) writeAll(this.#start.fd, text('created'));
  }

  /** What the hooks have written. */
  get output(): string {
    if (this.#output === undefined) return '';
    const buffer = Buffer.alloc(4096);
    syscall('go to the beginning', 'lseek', this.#output.fd, 0, 0);
    const length = syscall('read what hooks wrote', 'read', this.#output.fd, buffer, buffer.length);
    return buffer.toString('utf8', 0, length).trim();
  }

  [Symbol.dispose](): void {
    this.#create?.close();
    this.#start?.close();
    this.#output?.close();
  }
}

interface Gathered {
  readonly root: PreparedRoot;
  readonly numbers: Descriptors;
  readonly preserved: number;
  readonly listen: number;
  readonly made: readonly MadeMount[];
  readonly joining: CreateFacts['joining'];
}

function gatherFacts(attempt: Attempt, gathered: Gathered): CreateFacts {
  const { options, plan, namespaces, kinds, cgroup } = attempt;
  const { root, numbers, preserved, listen, made } = gathered;
  const { process } = plan;
  return {
    namespaces,
    privileged: isPrivileged(),
    canSetgroups: !deniesSetgroups(plan.spec),
    root: root.inChild ?? numbers.root,
    rootPath: rootPathOf(plan),
    kindOf: (mount) => kinds.get(mount) ?? 'directory',
    cgroups: cgroupView(plan, cgroup),
    made: new Map(made.map(({ mount }, index) => [mount, numbers.mounts + index])),
    noPivot: options.noPivot,
    env: process === undefined ? [] : envOf(process, plan, root, listen),
    rlimits: grantableLimits(process?.spec.rlimits ?? [], options.warn),
    capabilities: grantable(
      process?.capabilities ?? NO_CAPABILITIES,
      namespaces.sources.user !== 'host',
      options.warn,
    ),
    highestCapability: highestCapability(),
    filter: process === undefined ? undefined : filterOf(process),
    joining: gathered.joining,
    fds: numbers,
    terminal: process?.terminal === true,
    preserved,
    newKeyring: !options.noNewKeyring,
  };
}

const NO_CAPABILITIES = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] } as const;

const rootPathOf = ({ spec }: ContainerPlan): string =>
  spec.root.kind === 'directory' ? spec.root.path : '/';

/** The seccomp filter of a process; undefined when it has none. */
export function filterOf({ spec, capabilities }: ProcessPlan): Filter | undefined {
  const { seccomp } = spec;
  if (seccomp === undefined || seccomp === 'unconfined') return undefined;
  return filterFor(hostContext(capabilities.bounding.map(parseCapability)), seccomp);
}

function envOf(process: ProcessPlan, plan: ContainerPlan, root: PreparedRoot, listen: number): string[] {
  using directory = root.fd === undefined ? openPath(rootPathOf(plan)) : undefined;
  const { uid, gid } = process;
  const { home } = resolveUser(readUserFiles(root.fd?.fd ?? directory!.fd), `${uid}:${gid}`);
  const env = withHome(process.spec.env, home);
  return listen === 0 ? env : [...env, `LISTEN_FDS=${listen}`, 'LISTEN_PID=1'];
}

function firstRecord({ options, plan, cgroup, unit, namespaces }: Attempt): StateRecord {
  return {
    version: 1,
    id: options.id,
    ociVersion: plan.ociVersion,
    bundle: plan.bundle,
    rootfs: rootPathOf(plan),
    annotations: plan.annotations,
    created: new Date().toISOString(),
    owner: ownName(),
    rootless: !isPrivileged(),
    init_process_pid: 0,
    init_process_start: 0,
    creating: true,
    ...(cgroup === undefined ? {} : { cgroup_path: cgroup.path }),
    ...(unit === undefined ? {} : { systemd_unit: unit }),
    cgroup_paths: cgroup === undefined ? {} : cgroupPaths(cgroup),
    namespace_paths: {},
    own_pids: namespaces.sources.pid === 'new',
    terminal: plan.process?.terminal === true,
    ...(plan.process === undefined ? {} : { command: plan.process.spec.args[0] ?? '' }),
    hooks: { poststart: plan.hooks.poststart, poststop: plan.hooks.poststop },
    late_steps: [],
  };
}

function cgroupPaths(cgroup: Cgroup): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const hierarchy of cgroup.layout.hierarchies) {
    const names = hierarchy.controllers.length > 0 ? hierarchy.controllers : [];
    for (const name of hierarchy.version === 2
      ? ['']
      : [...names, ...(hierarchy.name === undefined ? [] : [`name=${hierarchy.name}`])]) {
      paths[name] = hierarchy.mountPoint + cgroup.path;
    }
  }
  return paths;
}

const namesOf = (pid: number, _plan: ContainerPlan): Pick<StateRecord, 'namespace_paths'> => ({
  namespace_paths: Object.fromEntries(
    NAMESPACE_KINDS.map((kind) => [
      `NEW${kind === 'mnt' ? 'NS' : kind.toUpperCase()}`,
      `/proc/${pid}/ns/${kind}`,
    ]),
  ),
});

interface Company {
  readonly launched: Launched;
  readonly record: StateRecord;
  readonly status: OwnedFd;
  readonly hookFiles: HookFiles;
}

/** Give the first process what it waits for, until it is created. */
async function accompany(attempt: Attempt, company: Company): Promise<void> {
  const { plan } = attempt;
  const { launched, record, status, hookFiles } = company;
  if (plan.spec.namespaces?.user === 'new') {
    await writeMaps(launched.pid, plan.spec);
    answer(launched);
  }
  const state = ociState(record, 'creating');
  try {
    const end = await converse({
      operation: 'create',
      launched,
      status,
      onHooks: async () => {
        if (!waitsForCreator(plan)) return;
        await moveNetDevices(plan.netDevices, launched.pid);
        const kinds = new Set(plan.hooks.prestart);
        for (const hook of runtimeHooks(plan)) {
          runHook(kinds.has(hook) ? 'prestart' : 'createRuntime', hook, state, plan.bundle);
        }
        hookFiles.fill(record, innerPid(launched.pid));
      },
      onListener: (fd) => {
        const { seccomp } = plan.process?.spec ?? {};
        if (typeof seccomp !== 'object' || seccomp.listenerPath === undefined) return;
        sendListener(seccomp.listenerPath, fd, { ...state, pid: launched.pid }, seccomp.listenerMetadata);
      },
    });
    if (end === 'created') return;
  } catch (error) {
    throw inCallersWords(withOutput(error, hookFiles.output), plan.process?.spec.args[0]);
  }
  throw new NsError('ERR_NS_STEP_FAILED', {
    operation: 'create',
    message: 'the container’s first process was killed before it was created',
    hint: 'a memory limit that is too small does that: look in the kernel log (dmesg)',
  });
}

/** The error of a hook with what the hook has written. */
function withOutput(error: unknown, output: string): unknown {
  if (output === '' || !NsError.is(error)) return error;
  return new NsError(error.code, {
    operation: error.operation,
    message: `${error.message}: ${output}`,
    hint: error.hint,
    path: error.path,
    cause: error,
  });
}

/** The number of a process in its own pid namespace. See proc(5), `NSpid`. */
function innerPid(pid: number): number {
  const line = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return line === null ? pid : Number(line[1]);
}

/** Steps that are done when `create` has ended: what `start` hears of. */
function lateSteps({ program, sites }: Image, plan: ContainerPlan): LateStep[] {
  const steps = [...walk(program.steps)];
  const gate = steps.findIndex((step) => step.op === 'group' && step.title === 'wait for the start');
  const late = new Set(plan.process === undefined ? [] : steps.slice(gate));
  return [...sites].flatMap(([address, step]): LateStep[] => {
    if (!late.has(step) || (step.op !== 'call' && step.op !== 'fail' && step.op !== 'clone')) return [];
    const { what, object, hints, tag } = step;
    return [{ address, what, object, hints, tag }];
  });
}

/** Tell whoever asked which process it is. */
function tellPid(
  { pidFile, pidfdSocket }: Pick<CreateOptions, 'pidFile' | 'pidfdSocket'>,
  pid: number,
): void {
  if (pidfdSocket !== undefined) {
    using pidfd = pidfdOpen(pid);
    sendTo(pidfdSocket, 'pidfd-socket', 'pidfd', pidfd.fd);
  }
  if (pidFile !== undefined) writePidFile(pidFile, pid);
}

/** Written in one piece: who waits for it finds the number, or nothing. */
export function writePidFile(path: string, pid: number): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, String(pid));
  renameSync(temporary, path);
}

async function discard(made: MadeCgroup | undefined): Promise<void> {
  try {
    await made?.cgroup.kill();
    await made?.release();
    if (made !== undefined) await removeCgroup(made.cgroup, made.unit);
  } catch {
    // The first error is the one to hear of.
  }
}
