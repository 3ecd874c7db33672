import { readdirSync, readFileSync } from 'node:fs';

import { NsError, isErrno } from '@ns/errors';
import type { ContainerSpec, DriverInfo, ProcessSpec, Resources } from '@ns/execdriver';
import {
  consoleSocket,
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

import { machine, readBundle, write, writeBundle } from './bundle.js';
import { cgroupAt, recordedCgroup } from './cgroup-path.js';
import { checkSpec } from './check.js';
import { toJson } from './config/json.js';
import { execProcess, hasProc, limiterOf } from './exec-process.js';
import { FILES } from './place.js';
import { runTool, type ToolOutcome } from './run-tool.js';
import { errorInFile, runtimeError, withSysctlName } from './runtime-error.js';
import type { Runtime } from './runtime.js';

/** What crun cannot do with: a version 2 hierarchy that has controllers, beside those of version 1. */
const HYBRID = '/sys/fs/cgroup/unified';
const ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

/** What is kept between `prepare` and `started`. */
interface Pending {
  readonly inner: PassedInner | undefined;
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
  readonly #runtime: Runtime;
  /** By the container's state directory. */
  readonly #pending = new Map<string, Pending>();

  constructor(info: DriverInfo, runtime: Runtime) {
    this.info = info;
    this.#runtime = runtime;
  }

  check(spec: ContainerSpec): void {
    checkSpec(spec);
  }

  prepare(spec: ContainerSpec, place: Place & Launching): HostCommand {
    const inner =
      spec.defaultMounts === false
        ? undefined
        : passInner(spec.process, place, { does: 'run', init: spec.init === true });
    try {
      const { rest } = writeBundle(spec, place, inner === undefined ? spec.process.args : [inner.path]);
      this.#pending.set(place.directory, { inner, rest });
    } catch (error) {
      inner?.close();
      throw error;
    }
    return {
      ...this.#command(place, spec.process, inner, ['create', '--bundle', place.directory]),
      root: spec.root,
    };
  }

  async started(
    spec: ContainerSpec,
    place: Place & Launching,
    command: StartedCommand,
  ): Promise<{ readonly pid: number }> {
    const { inner, rest } = this.#pending.get(place.directory) ?? { inner: undefined, rest: {} };
    this.#pending.delete(place.directory);
    try {
      const failing = { operation: 'start', command: spec.process.args[0]! };
      const pid = await this.#created(place, command, failing);
      if (Object.keys(rest).length > 0) cgroupAt(recordedCgroup(place))?.update(rest);
      if (spec.network !== undefined) {
        using socket = openRtnetlink();
        await connectInterfaces(socket, { pid }, spec.network, place.directory);
      }
      const outcome = await this.#run(place, 'start-2', ['start', place.id]);
      if (outcome.status !== 0) throw this.#failure(place, 'start-2', failing, outcome);
      await inner?.started();
      return { pid };
    } finally {
      inner?.close();
    }
  }

  exec(process: ProcessSpec, running: Running & Launching): ExecCommand {
    const container = readBundle(running);
    const limiter = limiterOf(process, container, machine());
    const inner = hasProc(container)
      ? passInner(process, running, { does: limiter === 'inner' ? 'limit' : 'run' })
      : undefined;
    try {
      const described = execProcess(process, running, inner ? [inner.path] : process.args, limiter);
      write(FILES.process(running, running.name), toJson(described));
    } catch (error) {
      inner?.close();
      throw error;
    }
    const file = FILES.process(running, running.name);
    return {
      ...this.#command(running, process, inner, ['exec', '--process', file, '--detach']),
      started: async (command) => {
        try {
          const pid = await this.#created(running, command, { operation: 'exec', command: process.args[0]! });
          await inner?.started();
          return { pid };
        } finally {
          inner?.close();
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
    this.#pending.get(place.directory)?.inner?.close();
    this.#pending.delete(place.directory);
    const cgroup = cgroupAt(recordedCgroup(place));
    await cgroup?.kill();
    if (isEmpty(FILES.runtimeRoot(place))) return await cgroup?.remove();
    const { status, stderr } = await this.#run(place, 'delete', ['delete', '--force', place.id]);
    await cgroup?.remove();
    if (status === 0) return;
    throw runtimeError({
      operation: 'destroy',
      runtime: this.#runtime.name,
      said: errorInFile(FILES.log(place, 'delete')) ?? stderr,
      status,
      command: place.id,
    });
  }

  /** A command of the runtime after which a process of the container is there. */
  #command(
    place: Place & Launching,
    { terminal }: ProcessSpec,
    inner: PassedInner | undefined,
    verb: readonly string[],
  ): HostCommand {
    const pidFile = FILES.pid(place, place.name);
    const console = terminal === undefined ? undefined : consoleSocket(place);
    return {
      file: this.#runtime.path,
      args: [
        ...this.#global(place, place.name),
        ...verb,
        '--pid-file',
        pidFile,
        ...(console === undefined ? [] : ['--console-socket', console.path]),
        ...(inner === undefined ? [] : ['--preserve-fds', String(PASSED_DESCRIPTORS)]),
        place.id,
      ],
      env: ENV,
      fds: inner?.fds ?? {},
      unmount: this.#unmount,
      life: { pidFile },
      ...(console === undefined ? {} : { console }),
    };
  }

  get #unmount(): readonly string[] {
    return this.#runtime.dialect === 'crun' ? [HYBRID] : [];
  }

  #global(place: Place, name: string): string[] {
    return [
      this.#runtime.name,
      '--root',
      FILES.runtimeRoot(place),
      '--log',
      FILES.log(place, name),
      '--log-format',
      'json',
    ];
  }

  /** Wait until a command has ended that makes a process. @returns The process's pid. */
  async #created(
    place: Place & Launching,
    command: StartedCommand,
    failing: { readonly operation: string; readonly command: string },
  ): Promise<number> {
    const waitStatus = await command.ended;
    if (waitStatus === 0) return Number(readFileSync(FILES.pid(place, place.name), 'latin1'));
    const exited = waitStatus !== undefined && (waitStatus & 0x7f) === 0;
    throw runtimeError({
      ...failing,
      runtime: this.#runtime.name,
      said: errorInFile(FILES.log(place, place.name)),
      status: exited ? waitStatus >> 8 : undefined,
    });
  }

  #run(place: Place, name: string, args: readonly string[]): Promise<ToolOutcome> {
    return runTool({
      file: this.#runtime.path,
      args: [...this.#global(place, name), ...args],
      env: ENV,
      unmount: this.#unmount,
    });
  }

  #failure(
    place: Place,
    name: string,
    failing: { readonly operation: string; readonly command: string },
    { status, stderr }: ToolOutcome,
  ): NsError {
    const said = errorInFile(FILES.log(place, name)) ?? stderr;
    return runtimeError({ ...failing, runtime: this.#runtime.name, said, status });
  }
}

function isEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
}
