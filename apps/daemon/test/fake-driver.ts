import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { Duplex, type Readable, type Writable } from 'node:stream';

import { NsError } from '@ns/errors';
import type {
  CgroupStats,
  CheckpointOptions,
  Container,
  ContainerSpec,
  ContainerStatus,
  DriverInfo,
  ExecDriver,
  ExecProcess,
  Exit,
  ProcessSpec,
  Resources,
  Streams,
  WindowSize,
} from '@ns/execdriver';

const INFO: DriverInfo = {
  name: 'fake',
  version: '0.0.0',
  contract: 1,
  abilities: {
    namespaces: ['mnt', 'pid', 'uts', 'ipc', 'net', 'user', 'cgroup', 'time'],
    joinNamespaces: true,
    roots: ['directory', 'overlay'],
    mounts: ['bind', 'tmpfs'],
    idMappedMounts: true,
    readonlyRoot: true,
    terminal: true,
    exec: true,
    signals: true,
    user: true,
    capabilities: true,
    seccomp: true,
    apparmor: true,
    resources: true,
    pause: true,
    rlimits: true,
    sysctls: true,
    network: true,
    init: true,
    hostname: true,
    adopt: true,
    driverConfig: true,
    checkpoint: true,
  },
};

/**
 * A driver for tests of the daemon alone: a container is a process of this machine, with nothing around it. It keeps
 * the contract as far as the daemon can see it; a terminal is a pipe both ways.
 */
export class FakeDriver implements ExecDriver {
  readonly info: DriverInfo = INFO;
  readonly containers: Map<string, FakeContainer> = new Map();
  /** Set to make the next start fail. */
  failNextStart: Error | undefined;

  async create(spec: ContainerSpec): Promise<Container> {
    if (this.containers.has(spec.id)) {
      throw new NsError('ERR_NS_CONFLICT', { operation: 'create', message: `container ${spec.id} exists` });
    }
    const container = new FakeContainer(this, spec);
    this.containers.set(spec.id, container);
    return container;
  }

  async adopt(id: string): Promise<Container> {
    const container = this.containers.get(id);
    if (container) return container;
    throw new NsError('ERR_NS_NOT_FOUND', { operation: 'adopt', message: `no container ${id}` });
  }

  async list(): Promise<string[]> {
    return [...this.containers.keys()];
  }
}

class FakeProcess implements ExecProcess {
  readonly pid: number;
  readonly streams: Streams;
  readonly sizes: WindowSize[] = [];
  readonly #child: ChildProcess;
  readonly #hasTerminal: boolean;
  readonly #exit: Promise<Exit>;
  isRunning = true;

  static start(spec: ProcessSpec): Promise<FakeProcess> {
    const [command = '', ...args] = spec.args;
    const env = Object.fromEntries(spec.env.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
    const stdio = (spec.stdio ?? ['pipe', 'pipe', 'pipe']).map((one) => (one === 'null' ? 'ignore' : 'pipe'));
    const child = spawn(command, args, { env, stdio });
    return new Promise((resolve, reject) => {
      child.once('spawn', () => resolve(new FakeProcess(child, spec.terminal !== undefined)));
      child.once('error', (cause: NodeJS.ErrnoException) => {
        const code = cause.code === 'ENOENT' ? 'ERR_NS_COMMAND_NOT_FOUND' : 'ERR_NS_COMMAND_NOT_EXECUTABLE';
        reject(
          new NsError(code, { operation: 'start', message: `execute ${command}: ${cause.code}`, cause }),
        );
      });
    });
  }

  private constructor(child: ChildProcess, hasTerminal: boolean) {
    this.#child = child;
    this.#hasTerminal = hasTerminal;
    this.pid = child.pid as number;
    this.streams = hasTerminal ? terminal(child) : pipes(child);
    this.#exit = new Promise((resolve) => {
      child.once('exit', () => {
        this.isRunning = false;
      });
      child.once('close', (code, name) => {
        const signal = name === null ? undefined : constants.signals[name];
        resolve({
          code: signal === undefined ? (code as number) : 128 + signal,
          ...(signal === undefined ? {} : { signal }),
          oomKilled: false,
          finishedAt: new Date(),
        });
      });
    });
  }

  wait(): Promise<Exit> {
    return this.#exit;
  }

  signal(signal: number): void {
    if (!this.isRunning)
      throw new NsError('ERR_NS_NOT_RUNNING', { operation: 'signal', message: 'has ended' });
    process.kill(this.pid, signal);
  }

  resize(size: WindowSize): void {
    if (!this.#hasTerminal)
      throw new NsError('ERR_NS_UNSUPPORTED', { operation: 'resize', message: 'no terminal' });
    this.sizes.push(size);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

const pipes = (child: ChildProcess): Streams => ({
  ...(child.stdin ? { stdin: child.stdin } : {}),
  ...(child.stdout ? { stdout: child.stdout } : {}),
  ...(child.stderr ? { stderr: child.stderr } : {}),
});

function terminal(child: ChildProcess): Streams {
  const both = Duplex.from({ readable: child.stdout as Readable, writable: child.stdin as Writable });
  child.stderr?.resume();
  return { stdin: both, stdout: both };
}

export class FakeContainer implements Container {
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly execs: FakeProcess[] = [];
  /** What `update` was asked for. */
  readonly updates: Resources[] = [];
  /** What `stats` answers. */
  statistics: CgroupStats = {};
  #isPaused = false;
  readonly #driver: FakeDriver;
  #process: FakeProcess | undefined;
  #isOver = false;

  constructor(driver: FakeDriver, spec: ContainerSpec) {
    this.id = spec.id;
    this.spec = spec;
    this.#driver = driver;
  }

  get status(): ContainerStatus {
    if (this.#process === undefined) return this.#isOver ? 'stopped' : 'created';
    if (!this.#process.isRunning) return 'stopped';
    return this.#isPaused ? 'paused' : 'running';
  }

  get pid(): number | undefined {
    return this.#process?.isRunning ? this.#process.pid : undefined;
  }

  get streams(): Streams | undefined {
    return this.#process?.streams;
  }

  get sizes(): readonly WindowSize[] {
    return this.#process?.sizes ?? [];
  }

  async start(): Promise<void> {
    const failure = this.#driver.failNextStart;
    this.#driver.failNextStart = undefined;
    this.#isOver = true;
    if (failure) throw failure;
    this.#process = await FakeProcess.start(this.spec.process);
  }

  /** What `restore` was asked for. */
  restoredFrom: string | undefined;

  async restore(directory: string): Promise<void> {
    if (!existsSync(directory))
      throw new NsError('ERR_NS_NOT_FOUND', {
        operation: 'restore',
        message: `${directory} is no checkpoint`,
      });
    this.restoredFrom = directory;
    await this.start();
  }

  async checkpoint({ directory, leaveRunning }: CheckpointOptions): Promise<void> {
    const process = this.#running('checkpoint');
    mkdirSync(directory);
    if (leaveRunning !== true) process.signal(constants.signals.SIGKILL);
  }

  async wait(): Promise<Exit> {
    return await this.#running('wait', true).wait();
  }

  signal(signal: number): void {
    this.#running('signal').signal(signal);
  }

  async exec(spec: ProcessSpec): Promise<ExecProcess> {
    this.#running('exec');
    const process = await FakeProcess.start(spec);
    this.execs.push(process);
    return process;
  }

  resize(size: WindowSize): void {
    this.#running('resize').resize(size);
  }

  async update(resources: Resources): Promise<void> {
    this.#running('update');
    this.updates.push(resources);
  }

  async pause(): Promise<void> {
    this.#running('pause');
    this.#isPaused = true;
  }

  async resume(): Promise<void> {
    this.#running('resume');
    this.#isPaused = false;
  }

  async stats(): Promise<CgroupStats> {
    this.#running('stats');
    return this.statistics;
  }

  async processes(): Promise<number[]> {
    return [this.#running('processes').pid];
  }

  async destroy(): Promise<void> {
    for (const process of [this.#process, ...this.execs]) {
      if (!process?.isRunning) continue;
      process.kill();
      await process.wait();
    }
    this.#driver.containers.delete(this.id);
  }

  #running(operation: string, alsoEnded = false): FakeProcess {
    if (this.#process && (alsoEnded || this.#process.isRunning)) return this.#process;
    throw new NsError('ERR_NS_NOT_RUNNING', { operation, message: `container ${this.id} is not running` });
  }
}
