import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';

import type { Cgroup } from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';
import { planMounts, prepareRoot, type PreparedRoot } from '@ns/namespaces';
import { O, openat2, openPath, SIG } from '@ns/syscall';

import { assertAbleToExec, unable } from '../abilities.js';
import type { Backend } from '../backend.js';
import type { CgroupStats, ContainerSpec, Exit, ProcessSpec, Resources } from '../contract.js';
import { oomKilled, openContainerCgroup } from '../native/cgroup.js';
import { DESCRIPTOR } from '../native/descriptors.js';
import { execSession } from '../native/exec.js';
import { exitOf } from '../native/exit.js';
import { members, membershipOf, Strays } from '../native/members.js';
import { notRunning, type Session } from '../native/session.js';
import type { StateDirectory } from '../native/state.js';
import { hostUserOf, outsideId } from '../native/stream-owner.js';
import { readUserFiles } from '../native/user-files.js';
import { directoryWithUsers } from '../native/start-container.js';
import { resolveUser, withHome } from '../native/user.js';
import { checkCommand } from './check-command.js';
import type { CommandDriver, ExecCommand, HostCommand, Launching, Place, Running } from './command.js';
import type { CommandRoot } from './command-program.js';
import { abandonInner } from './inner.js';
import { clearPlace, placeOf } from './places.js';
import { writeRunning } from './running.js';
import { startCommand } from './start.js';
import { waitFor } from './wait-for.js';

const START_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 10_000;

/** What is particular to the containers of one definition. */
export class CommandBackend implements Backend {
  readonly #definition: CommandDriver;
  readonly #directory: StateDirectory;
  readonly place: Place;
  readonly #execs = new Set<Session>();
  #strays: Strays | undefined;

  constructor(id: string, directory: StateDirectory, definition: CommandDriver) {
    this.#definition = definition;
    this.#directory = directory;
    this.place = placeOf(id, directory.path);
  }

  get #cgroupPath(): string | undefined {
    return this.#definition.cgroup?.(this.place);
  }

  #cgroup(operation: string): Cgroup {
    const cgroup = openContainerCgroup(this.#cgroupPath);
    if (cgroup !== undefined) return cgroup;
    throw unable(this.#definition.info, operation, 'leave the container as it is');
  }

  /** What a wait status means. */
  readonly exit = (waitStatus: number, at: Date): Exit =>
    this.#definition.exit?.(this.place, waitStatus, at) ?? exitOf(waitStatus, at);

  readonly wasOomKilled = (): boolean => oomKilled(this.#cgroupPath);

  start(spec: ContainerSpec): Promise<Session> {
    return this.#launch(spec, async (launching) => {
      const command = await this.#definition.prepare(spec, launching);
      return { started: (started) => this.#definition.started(spec, launching, started), ...command };
    });
  }

  /** Undefined for a definition without checkpoints. */
  get restore(): Backend['restore'] {
    const definition = this.#definition;
    if (definition.restore === undefined) return undefined;
    return (spec, directory) =>
      this.#launch(spec, async (launching) => definition.restore!(spec, launching, directory));
  }

  get checkpoint(): Backend['checkpoint'] {
    const definition = this.#definition;
    if (definition.checkpoint === undefined) return undefined;
    return async (options, session) => {
      makeDirectory(options.directory);
      try {
        await definition.checkpoint!(options, this.#running(session));
      } catch (error) {
        rmSync(options.directory, { recursive: true, force: true });
        throw error;
      }
    };
  }

  async #launch(
    spec: ContainerSpec,
    prepare: (launching: Place & Launching) => Promise<ExecCommand>,
  ): Promise<Session> {
    const { place } = this;
    let launching: (Place & Launching) | undefined;
    try {
      using root = prepareRoot(spec.root, { tmpfsUpper: tmpfsUpperOf(spec) });
      launching = { ...place, name: 'start', ...whoIs(spec.process, root.fd?.fd ?? spec.root) };
      for (const path of [place.directory, place.root]) mkdirSync(path, { recursive: true });
      const command = await prepare(launching);
      checkCommand(command);
      return await this.#run(spec, launching, command, root);
    } catch (error) {
      // The first error is the one to hear of; `destroy` tries again.
      await this.remove().catch(() => undefined);
      throw error;
    } finally {
      if (launching !== undefined) abandonInner(launching);
    }
  }

  async #run(
    spec: ContainerSpec,
    launching: Place & Launching,
    command: ExecCommand,
    prepared: PreparedRoot,
  ): Promise<Session> {
    const { place } = this;
    const definition = this.#definition;
    using other = otherRoot(command, spec);
    const root = command.root === undefined ? undefined : (other ?? prepared);
    using state = openat2(this.#directory.path, { flags: O.O_RDONLY | O.O_DIRECTORY });
    const { user = 'host' } = spec.namespaces ?? {};
    const session = await startCommand({
      operation: 'start',
      process: spec.process,
      command,
      argv: ['ns-monitor', place.id],
      root: root === undefined ? undefined : attachedRoot(root, command, spec, place),
      fds: {
        [DESCRIPTOR.state]: state.fd,
        ...(root?.fd === undefined ? {} : { [DESCRIPTOR.root]: root.fd.fd }),
      },
      owner: user === 'new' ? outsideId(launching.user.uid, spec.uidMap ?? []) : launching.user.uid,
      started: async (started) => (await command.started?.(started)) ?? {},
      said: () => definition.said?.(place),
      timeoutMs: definition.startTimeoutMs ?? START_TIMEOUT_MS,
      exit: this.exit,
      wasOomKilled: this.wasOomKilled,
      fallbackDirectory: this.#directory.path,
    });
    writeRunning(this.#directory.path, session.pid);
    return session;
  }

  follow(session: Session): void {
    const strays = Strays.of(session.pid);
    this.#strays = strays;
    void session.exit.finally(() => strays?.ended()).catch(() => undefined);
  }

  async exec(process: ProcessSpec, session: Session): Promise<Session> {
    const definition = this.#definition;
    assertAbleToExec(definition.info, process);
    const started =
      definition.exec === undefined
        ? this.#enter(process, session)
        : this.#execCommand(process, session, definition.exec.bind(definition));
    const executed = await started;
    this.#execs.add(executed);
    void executed.exit.finally(() => this.#execs.delete(executed)).catch(() => undefined);
    return executed;
  }

  /** As the native driver does. */
  #enter(process: ProcessSpec, session: Session): Promise<Session> {
    return execSession(
      {
        pid: session.pid,
        target: session.pidfd(),
        id: this.place.id,
        stateDirectory: this.#directory.path,
        cgroup: openContainerCgroup(this.#cgroupPath),
      },
      process,
    );
  }

  async #execCommand(
    process: ProcessSpec,
    session: Session,
    prepare: NonNullable<CommandDriver['exec']>,
  ): Promise<Session> {
    const name = `exec-${randomBytes(6).toString('hex')}`;
    const root = this.#definition.files?.(this.#running(session)) ?? `/proc/${session.pid}/root`;
    const who = whoIsIn(process, session.pid, root);
    const launching = { ...this.#running(session), name, user: who.user, env: who.env };
    try {
      const command = await prepare(process, launching);
      checkCommand(command);
      return await startCommand({
        operation: 'exec',
        process,
        command,
        argv: ['ns-exec', this.place.id],
        fds: {},
        owner: who.owner,
        started: async (started) => (await command.started?.(started)) ?? {},
        said: () => undefined,
        timeoutMs: this.#definition.startTimeoutMs ?? START_TIMEOUT_MS,
        exit: (waitStatus, at) => command.exit?.(waitStatus, at) ?? exitOf(waitStatus, at),
        fallbackDirectory: this.#directory.path,
      });
    } finally {
      abandonInner(launching);
    }
  }

  #running(session: Session): Running {
    return { ...this.place, pid: session.pid };
  }

  signal(signal: number, session: Session): void {
    const definition = this.#definition;
    if (!definition.info.abilities.signals) throw unable(definition.info, 'signal', 'destroy the container');
    if (definition.signal === undefined) session.signal(signal);
    else definition.signal(signal, this.#running(session));
  }

  async processes(session: Session): Promise<number[]> {
    if (this.#definition.processes !== undefined) return this.#definition.processes(this.#running(session));
    const cgroup = openContainerCgroup(this.#cgroupPath);
    if (cgroup !== undefined) return cgroup.processes();
    const membership = membershipOf(session.pid);
    return membership === undefined ? [session.pid] : members(membership);
  }

  async update(resources: Resources, session: Session): Promise<void> {
    if (this.#definition.update !== undefined) {
      await this.#definition.update(resources, this.#running(session));
    } else this.#cgroup('update').update(resources);
  }

  async pause(session: Session): Promise<void> {
    const { info } = this.#definition;
    if (!info.abilities.pause) throw unable(info, 'pause', 'send SIGSTOP to its processes');
    if (this.#definition.pause !== undefined) await this.#definition.pause(this.#running(session));
    else await this.#cgroup('pause').freeze();
  }

  async resume(session: Session): Promise<void> {
    if (this.#definition.resume !== undefined) await this.#definition.resume(this.#running(session));
    else this.#cgroup('resume').thaw();
  }

  isPaused(session: Session): boolean {
    const definition = this.#definition;
    if (!definition.info.abilities.pause) return false;
    if (definition.isPaused !== undefined) return definition.isPaused(this.#running(session));
    return openContainerCgroup(this.#cgroupPath)?.isFrozen ?? false;
  }

  async stats(session: Session): Promise<CgroupStats> {
    if (this.#definition.stats !== undefined) return this.#definition.stats(this.#running(session));
    return this.#cgroup('stats').stats();
  }

  async kill(session: Session): Promise<void> {
    session.signal(SIG.SIGKILL);
    void this.#killMonitorOf(session);
  }

  /** The tool has to see that its container is dead. One that does not is killed too: the monitor takes it along. */
  async #killMonitorOf(session: Session): Promise<void> {
    const end = session.exit.then(() => true);
    const ended = await waitFor(end, this.#definition.endTimeoutMs ?? END_TIMEOUT_MS);
    if (ended === undefined) session.killMonitor();
  }

  async killRest(): Promise<void> {
    for (const session of this.#execs) session.killMonitor();
    await Promise.all([...this.#execs].map((session) => session.exit));
    const cgroup = openContainerCgroup(this.#cgroupPath);
    if (cgroup !== undefined) await cgroup.kill();
    if (this.#strays !== undefined) await this.#strays.kill();
  }

  async remove(): Promise<void> {
    await this.#definition.remove?.(this.place);
    await openContainerCgroup(this.#cgroupPath)?.remove();
    if (this.#directory.exists()) clearPlace(this.#directory.path);
  }
}

/** @throws {@link NsError} `ERR_NS_CONFLICT` when it exists, `ERR_NS_NOT_FOUND` when what it would be in does not. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    if (!isErrno(cause, 'EEXIST', 'ENOENT')) throw cause;
    const exists = isErrno(cause, 'EEXIST');
    throw new NsError(exists ? 'ERR_NS_CONFLICT' : 'ERR_NS_NOT_FOUND', {
      operation: 'checkpoint',
      message: exists ? `${path} exists` : `there is nothing to make ${path} in`,
      path,
      hint: 'name a directory that does not exist, in one that does',
      cause,
    });
  }
}

/** The command's own root, or the container's with somewhere to make mount points in; undefined when that is good as it is. */
function otherRoot(command: HostCommand, spec: ContainerSpec): PreparedRoot | undefined {
  if (command.root === undefined) return undefined;
  if (takesMountPoints(command)) return prepareRoot(command.root, { tmpfsUpper: true });
  if (command.root === spec.root) return undefined;
  return prepareRoot(command.root, { tmpfsUpper: tmpfsUpperOf({ ...spec, root: command.root }) });
}

/**
 * Whether it is an overlay without an upper layer, and mounts are asked for: in layers that nobody can write to, mount points
 * could not be made. It gets an upper layer that is thrown away, and is made read-only afterwards.
 */
const takesMountPoints = ({ root, mounts = [] }: HostCommand): boolean =>
  root?.kind === 'overlay' &&
  root.upper === undefined &&
  (root.tmpfsUpper ?? false) === false &&
  mounts.length > 0;

function attachedRoot(
  root: PreparedRoot,
  command: HostCommand,
  spec: ContainerSpec,
  place: Place,
): CommandRoot {
  const { mounts = [], readonlyRoot = false, rootAt } = command;
  return {
    root: root.inChild ?? DESCRIPTOR.root,
    at: rootAt ?? place.root,
    mounts: planMounts(mounts),
    readonly: readonlyRoot || takesMountPoints(command),
    cwd: spec.process.cwd ?? '/',
  };
}

const tmpfsUpperOf = ({ root }: ContainerSpec): boolean | { readonly sizeBytes: number } =>
  root.kind === 'overlay' ? (root.tmpfsUpper ?? false) : false;

/** @param root - The root's descriptor, or, where only the child can mount it, what it is made of. */
function whoIs(process: ProcessSpec, root: number | ContainerSpec['root']): Pick<Launching, 'user' | 'env'> {
  using directory = typeof root === 'number' ? undefined : openPath(directoryWithUsers(root));
  const fd = typeof root === 'number' ? root : directory!.fd;
  const user = resolveUser(readUserFiles(fd), process.user, process.groups);
  return { user, env: withHome(process.env, user.home) };
}

function whoIsIn(
  process: ProcessSpec,
  pid: number,
  directory: string,
): Pick<Launching, 'user' | 'env'> & { readonly owner: number | undefined } {
  try {
    using root = openPath(directory, { flags: O.O_DIRECTORY });
    const who = whoIs(process, root.fd);
    return { ...who, owner: hostUserOf(who.user.uid, pid) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) throw notRunning('exec');
    throw error;
  }
}
