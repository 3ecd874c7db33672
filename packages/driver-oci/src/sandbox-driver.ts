import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { isErrno, NsError } from '@ns/errors';
import type { ContainerSpec, DriverInfo, Exit, ProcessSpec } from '@ns/execdriver';
import type {
  CommandDriver,
  ExecCommand,
  HostCommand,
  Launching,
  Place,
  Running,
  StartedCommand,
} from '@ns/execdriver/kit';

import { write, writeBundle } from './bundle.js';
import { checkSpec } from './check.js';
import { toJson } from './config/json.js';
import type { OciConfig } from './config/types.js';
import { execProcess } from './exec-process.js';
import { isInPath, layersOf } from './in-path.js';
import { FILES } from './place.js';
import { runTool, type ToolOutcome } from './run-tool.js';
import { errorInFile, runtimeError } from './runtime-error.js';
import type { Runtime } from './runtime.js';

const ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
const POLL_MS = 15;
/** That of one that failed may be `stopped` before runsc has said so. */
const RUNS: readonly string[] = ['running', 'paused'];
/** `SIGRTMAX`. */
const HIGHEST_SIGNAL = 64;
const STATE_TIMEOUT_MS = 10_000;

/** What the `state` of a container says of it; runsc adds more. */
interface State {
  readonly status: string;
}

/**
 * A driver over runsc, gVisor's runtime: the container's processes run on a kernel that is a process of the host.
 *
 * @remarks
 * Nothing is passed to the container by descriptor, and what the host can do with processes it cannot do with these: runsc
 * is asked. It stays in the foreground, for its exit status is the container's.
 */
export class SandboxDriver implements CommandDriver {
  readonly info: DriverInfo;
  readonly #runtime: Runtime;

  constructor(info: DriverInfo, runtime: Runtime) {
    this.info = info;
    this.#runtime = runtime;
  }

  check(spec: ContainerSpec): void {
    checkSpec(withMounts(spec));
  }

  prepare(spec: ContainerSpec, place: Place & Launching): HostCommand {
    writeBundle(withMounts(spec), place, spec.process.args, adapted);
    const pidFile = FILES.pid(place, place.name);
    return {
      ...this.#command(place, ['run', '--bundle', place.directory, '--pid-file', pidFile, nameOf(place)]),
      root: spec.root,
    };
  }

  async started(
    spec: ContainerSpec,
    place: Place & Launching,
    command: StartedCommand,
  ): Promise<{ readonly pid: number }> {
    const ended = await this.#until(command, FILES.pid(place, place.name), async () => {
      const state = await this.#state(place);
      return state !== undefined && RUNS.includes(state.status);
    });
    if (ended) this.#assertRan(place, spec.process, layersOf(spec.root));
    write(FILES.pid(place, 'runsc'), String(command.pid));
    // The kernel of the container, without which there is nothing of it.
    return { pid: readPid(FILES.pid(place, place.name)) ?? command.pid };
  }

  /** Where runsc has it: the kernel of the container has given up its own. */
  files(running: Running): string {
    return `/proc/${readPid(FILES.pid(running, 'runsc')) ?? running.pid}/root${running.root}`;
  }

  exec(process: ProcessSpec, running: Running & Launching): ExecCommand {
    const described = execProcess(process, running, process.args, 'runtime');
    const file = FILES.process(running, running.name);
    const pidFile = FILES.pid(running, running.name);
    write(file, toJson(described));
    return {
      ...this.#command(running, ['exec', '--process', file, '--internal-pid-file', pidFile, nameOf(running)]),
      started: async (command) => {
        const ended = await this.#until(command, pidFile, () => Promise.resolve(true));
        if (ended) this.#assertRan(running, process, [this.files(running)]);
        return { pid: command.pid };
      },
      exit: exitBySignal,
    };
  }

  exit(_place: Place, waitStatus: number, at: Date): Exit | undefined {
    return exitBySignal(waitStatus, at);
  }

  said(place: Place): string | undefined {
    return errorInFile(FILES.log(place, 'start'));
  }

  /** Of the host's there is the kernel of the container alone; what catches its system calls is nobody's business. */
  async processes(running: Running): Promise<number[]> {
    return [running.pid];
  }

  signal(signal: number, running: Running): void {
    const [name = '', ...global] = this.#global(running, 'kill');
    const { status } = spawnSync(this.#runtime.path, [...global, 'kill', nameOf(running), String(signal)], {
      argv0: name,
      stdio: 'ignore',
      timeout: STATE_TIMEOUT_MS,
    });
    if (status === 0) return;
    throw new NsError('ERR_NS_NOT_RUNNING', {
      operation: 'signal',
      message: `${this.#runtime.name} could not send signal ${signal}`,
      hint: 'the container may have ended',
    });
  }

  pause(running: Running): Promise<void> {
    return this.#do(running, 'pause');
  }

  resume(running: Running): Promise<void> {
    return this.#do(running, 'resume');
  }

  async #do(running: Running, operation: 'pause' | 'resume'): Promise<void> {
    const { status, stderr } = await this.#run(running, operation, [operation, nameOf(running)]);
    if (status === 0) return;
    const said = errorInFile(FILES.log(running, operation)) ?? stderr;
    throw runtimeError({ operation, runtime: this.#runtime.name, said, status, command: running.id });
  }

  isPaused(running: Running): boolean {
    const [name = '', ...global] = this.#global(running, 'state');
    const { stdout } = spawnSync(this.#runtime.path, [...global, 'state', nameOf(running)], {
      argv0: name,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: STATE_TIMEOUT_MS,
    });
    return parseState(stdout)?.status === 'paused';
  }

  async remove(place: Place): Promise<void> {
    if (!existsSync(FILES.runtimeRoot(place)) || readdirSync(FILES.runtimeRoot(place)).length === 0) return;
    await this.#run(place, 'delete', ['delete', '--force', nameOf(place)]);
  }

  #command(place: Place & Launching, args: readonly string[]): HostCommand {
    return {
      file: this.#runtime.path,
      args: [...this.#global(place, place.name), ...args],
      env: ENV,
      life: 'stays',
    };
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
      '--platform',
      this.#runtime.platform,
      '--network',
      'none',
      '--ignore-cgroups',
    ];
  }

  #run(place: Place, name: string, args: readonly string[]): Promise<ToolOutcome> {
    return runTool({ file: this.#runtime.path, args: [...this.#global(place, name), ...args], env: ENV });
  }

  async #state(place: Place): Promise<State | undefined> {
    const { stdout } = await this.#run(place, 'state', ['state', nameOf(place)]);
    return parseState(stdout);
  }

  /** Wait for a file, and then for what it announces. @returns Whether the command has ended before. */
  async #until(command: StartedCommand, file: string, isDone: () => Promise<boolean>): Promise<boolean> {
    const state = { hasEnded: false };
    void command.ended.then(() => (state.hasEnded = true));
    while (!state.hasEnded) {
      if (existsSync(file) && (await isDone())) return false;
      await Promise.race([sleep(POLL_MS), command.ended]);
    }
    return true;
  }

  /** A runtime that has ended has run the program, or says why not. */
  #assertRan(place: Place & Launching, { args }: ProcessSpec, layers: readonly string[]): void {
    const said = errorInFile(FILES.log(place, place.name));
    if (said === undefined) return;
    const [command = ''] = args;
    const operation = place.name === 'start' ? 'start' : 'exec';
    const error = runtimeError({ operation, runtime: this.#runtime.name, said, status: undefined, command });
    if (error.code !== 'ERR_NS_COMMAND_NOT_FOUND' || !isInPath(command, place.env, layers)) throw error;
    throw new NsError('ERR_NS_COMMAND_NOT_EXECUTABLE', {
      operation,
      message: `run ${command}: the file in the PATH cannot be executed`,
      hint: 'it needs the execute permission, and has to be a program for this machine',
      cause: error,
    });
  }
}

/** runsc tells of a signal as a shell does, by its exit status: a program that exits with such a status is not told apart. */
function exitBySignal(waitStatus: number, at: Date): Exit | undefined {
  const code = waitStatus >> 8;
  const signal = code - 128;
  if ((waitStatus & 0x7f) !== 0 || signal < 1 || signal > HIGHEST_SIGNAL) return undefined;
  return { code, signal, oomKilled: false, finishedAt: at };
}

/**
 * What runsc calls a container: its name is that of an abstract socket too, of which there is one on the machine, whatever the
 * state root, and which has room for less than an id.
 */
const nameOf = ({ directory }: Place): string =>
  `ns-${createHash('sha256').update(directory).digest('hex').slice(0, 24)}`;

function readPid(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'latin1')) || undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseState(text: string): State | undefined {
  try {
    const { status } = JSON.parse(text) as { status?: unknown };
    return typeof status === 'string' ? { status } : undefined;
  } catch {
    return undefined;
  }
}

/** What this runtime does not know: the host's cgroups, and bind mounts that are read-only with all below. */
function adapted(config: OciConfig): OciConfig {
  const mounts = config.mounts
    .filter(({ destination }) => destination !== '/sys/fs/cgroup')
    .map((mount) => ({ ...mount, options: mount.options.filter((option) => option !== 'rro') }));
  return { ...config, mounts };
}

/**
 * A spec that is done without a mount namespace of this kernel: that of the container's is meant all the same, the only one
 * that it can have.
 */
const withMounts = (spec: ContainerSpec): ContainerSpec => ({
  ...spec,
  namespaces: { ...spec.namespaces, mnt: 'new' },
});
