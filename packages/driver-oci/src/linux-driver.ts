import { mkdirSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { NsError, isErrno } from '@ns/errors';
import type { ContainerSpec, DriverInfo, ProcessSpec, Resources } from '@ns/execdriver';
import {
  consoleSocket,
  endedEarly,
  PASSED_DESCRIPTORS,
  passInner,
  type CommandDriver,
  type ExecCommand,
  type HostCommand,
  type Launching,
  type PassedInner,
  type Place,
  type Running,
  type StartedCommand,
} from '@ns/execdriver/kit';
import { connectInterfaces, openRtnetlink } from '@ns/netfw';
import { call, cstr, MNT, type Step } from '@ns/syscall';

import { machine, readBundle, write, writeBundle } from './bundle.js';
import { cgroupAt, recordedCgroup } from './cgroup-path.js';
import { checkSpec } from './check.js';
import { toJson } from './config/json.js';
import type { OciConfig } from './config/types.js';
import { execProcess, limiterOf, unlimited } from './exec-process.js';
import { FILES } from './place.js';
import { runTool, type ToolOutcome } from './run-tool.js';
import { errorInFile, runtimeError, withSysctlName } from './runtime-error.js';
import type { Runtime } from './runtime.js';
import { setTmpfsModes } from './tmpfs-modes.js';

/** crun gives up where version 2 of cgroups has controllers beside those of version 1, which nobody needs from there. */
const HYBRID = '/sys/fs/cgroup/unified/cgroup.controllers';
export const ENV: readonly string[] = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

/**
 * Where the root of a container with users of its own is attached, in a mount namespace of the runtime's: those users cannot
 * enter the state directory. On the host it stays empty.
 */
const ROOT_PLACE = '/run/ns-root';

/** The monitor tells what a runtime has left right after its end. */
const LEAVING_MS = 100;

/** What is kept between `prepare` and `started`. */
interface Pending {
  readonly inner: PassedInner;
  readonly rest: Resources;
}

/**
 * A driver over a runtime whose containers are processes of this kernel: runc, crun, and those with their command line.
 *
 * @remarks
 * `create` makes the container and waits; its network is made then; `start` lets it go on. What is executed is a program
 * of ours, passed by descriptor, that executes the user's: a runtime says itself only half of what became of that.
 */
export class LinuxRuntimeDriver implements CommandDriver {
  readonly info: DriverInfo;
  protected readonly runtime: Runtime;
  /** By the container's state directory. */
  readonly #pending = new Map<string, Pending>();

  constructor(info: DriverInfo, runtime: Runtime) {
    this.info = info;
    this.runtime = runtime;
  }

  check(spec: ContainerSpec): void {
    checkSpec(spec);
  }

  prepare(spec: ContainerSpec, place: Place & Launching): HostCommand {
    const isBare = spec.defaultMounts === false;
    const inner = isBare
      ? passInner(spec.process, place, { does: 'limit', first: hideMounts() })
      : passInner(spec.process, place, { does: 'run', init: spec.init === true });
    const rootAt = spec.namespaces?.user === 'new' ? openRootPlace() : place.root;
    try {
      const where = { ...place, root: rootAt };
      const { rest } = writeBundle(spec, where, [inner.path], isBare ? limitedInside : undefined);
      this.#pending.set(place.directory, { inner, rest });
    } catch (error) {
      inner.close();
      throw error;
    }
    return {
      ...this.#command(place, spec.process, inner, ['create', '--bundle', place.directory]),
      root: spec.root,
      rootAt,
    };
  }

  async started(
    spec: ContainerSpec,
    place: Place & Launching,
    command: StartedCommand,
  ): Promise<{ readonly pid: number }> {
    const pending = this.#pending.get(place.directory);
    this.#pending.delete(place.directory);
    try {
      const failing = { operation: 'start', command: spec.process.args[0]! };
      const pid = await this.created(place, command, failing);
      await complete(spec, place, pid, pending?.rest ?? {});
      const outcome = await this.run(place, 'start-2', ['start', place.id]);
      if (outcome.status !== 0) throw this.#failure(place, 'start-2', failing, outcome);
      await pending?.inner.started();
      return { pid };
    } finally {
      pending?.inner.close();
    }
  }

  exec(process: ProcessSpec, running: Running & Launching): ExecCommand {
    const limiter = limiterOf(process, readBundle(running), machine());
    const does = limiter === 'inner' ? 'limit' : 'run';
    const inner = passInner(process, running, { does, setsLimits: true });
    const file = FILES.process(running, running.name);
    try {
      write(file, toJson(execProcess(process, running, [inner.path], limiter)));
    } catch (error) {
      inner.close();
      throw error;
    }
    return {
      ...this.#command(running, process, inner, ['exec', '--process', file, '--detach']),
      started: async (command) => {
        try {
          const pid = await this.created(running, command, { operation: 'exec', command: process.args[0]! });
          await inner.started();
          return { pid };
        } finally {
          inner.close();
        }
      },
    };
  }

  said(place: Place): string | undefined {
    const said = errorInFile(FILES.log(place, 'start'));
    return said === undefined ? undefined : withSysctlName(said);
  }

  cgroup(place: Place): string | undefined {
    return recordedCgroup(place);
  }

  async remove(place: Place): Promise<void> {
    this.#pending.get(place.directory)?.inner.close();
    this.#pending.delete(place.directory);
    const cgroup = cgroupAt(recordedCgroup(place));
    await cgroup?.kill();
    if (isEmpty(FILES.runtimeRoot(place))) return await cgroup?.remove();
    const { status, stderr } = await this.run(place, 'delete', ['delete', '--force', place.id]);
    await cgroup?.remove();
    if (status === 0) return;
    throw runtimeError({
      operation: 'destroy',
      runtime: this.runtime.name,
      said: errorInFile(FILES.log(place, 'delete')) ?? stderr,
      status,
      command: place.id,
    });
  }

  /** A command of the runtime after which a process of the container is there. */
  #command(
    place: Place & Launching,
    { terminal }: ProcessSpec,
    inner: PassedInner,
    verb: readonly string[],
  ): HostCommand {
    const pidFile = FILES.pid(place, place.name);
    const console = terminal === undefined ? undefined : consoleSocket(place);
    return {
      file: this.runtime.path,
      args: [
        ...this.global(place, place.name),
        ...verb,
        '--pid-file',
        pidFile,
        ...(console === undefined ? [] : ['--console-socket', console.path]),
        '--preserve-fds',
        String(PASSED_DESCRIPTORS),
        place.id,
      ],
      env: ENV,
      fds: inner.fds,
      hide: this.#hide,
      life: { pidFile },
      ...(console === undefined ? {} : { console }),
    };
  }

  get #hide(): readonly string[] {
    return this.runtime.dialect === 'crun' ? [HYBRID] : [];
  }

  protected global(place: Place, name: string): string[] {
    return [
      this.runtime.name,
      '--root',
      FILES.runtimeRoot(place),
      '--log',
      FILES.log(place, name),
      '--log-format',
      'json',
    ];
  }

  /** Wait until a command has ended that makes a process. @returns The process's pid. */
  protected async created(
    place: Place & Launching,
    command: StartedCommand,
    failing: { readonly operation: string; readonly command: string },
  ): Promise<number> {
    const waitStatus = await command.ended;
    if (waitStatus === 0) {
      // As the monitor has found it: what the runtime has written down may be anybody.
      const pid = await Promise.race([command.first, sleep(LEAVING_MS, undefined)]);
      if (pid === undefined) throw endedEarly(place.name === 'start' ? 'start' : 'exec');
      return pid;
    }
    const exited = waitStatus !== undefined && (waitStatus & 0x7f) === 0;
    throw runtimeError({
      ...failing,
      runtime: this.runtime.name,
      said: errorInFile(FILES.log(place, place.name)),
      status: exited ? waitStatus >> 8 : undefined,
    });
  }

  protected run(
    place: Place,
    name: string,
    args: readonly string[],
    timeoutMs?: number,
  ): Promise<ToolOutcome> {
    return runTool({
      file: this.runtime.path,
      args: [...this.global(place, name), ...args],
      env: ENV,
      hide: this.#hide,
      timeoutMs,
    });
  }

  #failure(
    place: Place,
    name: string,
    failing: { readonly operation: string; readonly command: string },
    { status, stderr }: ToolOutcome,
  ): NsError {
    const said = errorInFile(FILES.log(place, name)) ?? stderr;
    return runtimeError({ ...failing, runtime: this.runtime.name, said, status });
  }
}

function openRootPlace(): string {
  mkdirSync(ROOT_PLACE, { recursive: true, mode: 0o755 });
  return ROOT_PLACE;
}

const hideMounts = (): Step[] =>
  ['/dev', '/proc'].map((path) =>
    call('umount2', [cstr(path), MNT.MNT_DETACH], {
      what: `unmount ${path}, which was there for the runtime`,
      object: path,
    }),
  );

/** The container's first process gives up by itself what it must not have, when it has unmounted what it must not see. */
function limitedInside(config: OciConfig): OciConfig {
  const { seccomp: _seccomp, ...linux } = config.linux;
  return { ...config, process: unlimited(config.process), linux };
}

/** What a configuration has no words for, done to a container that was created and waits. */
async function complete(spec: ContainerSpec, place: Place, pid: number, rest: Resources): Promise<void> {
  setTmpfsModes(spec, pid);
  if (Object.keys(rest).length > 0) cgroupAt(recordedCgroup(place))?.update(rest);
  if (spec.network === undefined) return;
  using socket = openRtnetlink();
  await connectInterfaces(socket, { pid }, spec.network, place.directory);
}

function isEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
}
