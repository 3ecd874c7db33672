import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { isErrno, NsError, type NsErrorCode } from '@ns/errors';
import {
  assertAble,
  CONTRACT_VERSION,
  unable,
  validateSpec,
  type Container,
  type ContainerSpec,
  type ContainerStatus,
  type DriverFactory,
  type DriverInfo,
  type Exit,
  type Streams,
} from '@ns/execdriver';
import { which } from '@ns/testing';

/** As little as a driver can declare. */
export const FAKE_INFO: DriverInfo = {
  name: 'fake',
  version: '0.0.0',
  contract: CONTRACT_VERSION,
  abilities: {
    namespaces: [],
    joinNamespaces: false,
    roots: ['directory'],
    mounts: [],
    idMappedMounts: false,
    readonlyRoot: false,
    terminal: false,
    exec: false,
    signals: true,
    user: false,
    capabilities: false,
    seccomp: false,
    apparmor: false,
    rlimits: false,
    resources: false,
    pause: false,
    sysctls: false,
    network: false,
    init: false,
    hostname: false,
    adopt: false,
    driverConfig: false,
  },
};

/** A driver that isolates nothing but the root directory: a child process after chroot(2). */
export const fakeDriver: DriverFactory = ({ stateRoot }) => ({
  info: FAKE_INFO,
  async create(spec) {
    validateSpec(spec);
    assertAble(FAKE_INFO, spec);
    return new FakeContainer(spec, claim(stateRoot, spec.id));
  },
  async adopt() {
    throw unable(FAKE_INFO, 'adopt', 'start the container again');
  },
  async list() {
    return readdirIfThere(stateRoot);
  },
});

const fail = (code: NsErrorCode, operation: string, message: string): NsError =>
  new NsError(code, { operation, message, hint: 'do otherwise' });

function claim(stateRoot: string, id: string): string {
  const path = join(stateRoot, id);
  mkdirSync(stateRoot, { recursive: true });
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    throw fail('ERR_NS_CONFLICT', 'create', `the id ${id} is taken`);
  }
  return path;
}

function readdirIfThere(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function withResolvers<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
} {
  let settle!: { resolve: (value: T) => void; reject: (reason: unknown) => void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

/** Sets the umask; then, in the root, the directory; then becomes the program, without what a shell exports. */
const OUTER = 'umask "$0"; exec chroot "$@"';
const INNER = 'cd "$0" && exec env -u PWD -u OLDPWD -u SHLVL "$@"';

class FakeContainer implements Container {
  readonly id: string;
  status: ContainerStatus = 'created';
  readonly #spec: ContainerSpec;
  readonly #state: string;
  readonly #exit = withResolvers<Exit>();
  #streams: Streams | undefined;
  #child: ChildProcess | undefined;
  #starting: Promise<void> | undefined;

  constructor(spec: ContainerSpec, state: string) {
    this.id = spec.id;
    this.#spec = spec;
    this.#state = state;
    this.#exit.promise.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.status === 'running' ? this.#child?.pid : undefined;
  }

  get streams(): Streams | undefined {
    return this.#streams;
  }

  async start(): Promise<void> {
    if (this.status !== 'created' || this.#starting !== undefined) {
      throw fail('ERR_NS_CONFLICT', 'start', `${this.id} was started already`);
    }
    const starting = this.#start();
    this.#starting = starting.catch(() => undefined);
    await starting;
  }

  async #start(): Promise<void> {
    try {
      const { process, root } = this.#spec;
      const path = root.kind === 'directory' ? root.path : '';
      const cwd = process.cwd ?? '/';
      checkRoot(path);
      checkCommand(path, cwd, process.args[0]!, process.env);
      makeDirectory(join(path, cwd));
      const mask = (process.umask ?? 0o022).toString(8);
      const inside = ['/bin/sh', '-c', INNER, cwd, ...process.args];
      const env = process.env.map((entry) => [entry.split('=')[0]!, entry.slice(entry.indexOf('=') + 1)]);
      const child = spawn(which('busybox')!, ['sh', '-c', OUTER, mask, path, ...inside], {
        detached: true,
        env: { HOME: '/root', ...Object.fromEntries(env) },
        stdio: (process.stdio ?? ['pipe', 'pipe', 'pipe']).map((each) =>
          typeof each === 'object' ? each.fd : each === 'null' ? 'ignore' : 'pipe',
        ) as StdioOptions,
      });
      await once(child, 'spawn');
      this.#child = child;
      // Of its own, Node throws away what was not read when the process ends.
      const { stdin } = child;
      const stdout = child.stdout?.pipe(new PassThrough());
      const stderr = child.stderr?.pipe(new PassThrough());
      this.#streams = { ...(stdin && { stdin }), ...(stdout && { stdout }), ...(stderr && { stderr }) };
      this.status = 'running';
      child.on('exit', (status, name) => this.#ended(status, name));
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  #ended(status: number | null, name: string | null): void {
    this.status = 'stopped';
    const signal = name === 'SIGKILL' ? 9 : 15;
    this.#exit.resolve({
      code: status ?? 128 + signal,
      ...(status === null ? { signal } : {}),
      oomKilled: false,
      finishedAt: new Date(),
    });
  }

  #giveUp(reason: unknown): void {
    this.status = 'stopped';
    this.#exit.reject(reason);
  }

  wait(): Promise<Exit> {
    return this.#exit.promise;
  }

  signal(signal: number): void {
    process.kill(this.#running('signal'), signal);
  }

  #running(operation: string): number {
    if (this.pid !== undefined) return this.pid;
    throw fail('ERR_NS_NOT_RUNNING', operation, 'the container is not running');
  }

  exec(): Promise<never> {
    return Promise.reject(unable(FAKE_INFO, 'exec', 'run another container'));
  }

  resize(): never {
    throw unable(FAKE_INFO, 'resize', 'do without a terminal');
  }

  async update(): Promise<void> {
    throw unable(FAKE_INFO, 'update', 'set limits by hand');
  }

  async pause(): Promise<void> {
    throw unable(FAKE_INFO, 'pause', 'send SIGSTOP');
  }

  async resume(): Promise<void> {
    throw unable(FAKE_INFO, 'resume', 'send SIGCONT');
  }

  async stats(): Promise<never> {
    throw unable(FAKE_INFO, 'stats', 'look at /proc');
  }

  async processes(): Promise<number[]> {
    const group = this.#running('list processes');
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && groupOf(name) === group)
      .map(Number);
  }

  async destroy(): Promise<void> {
    await this.#starting;
    if (this.status === 'created') this.#giveUp(fail('ERR_NS_NOT_RUNNING', 'wait', 'it was destroyed'));
    const pid = this.#child?.pid;
    if (pid !== undefined) await killGroup(pid);
    if (this.status === 'running') await this.wait();
    for (const stream of this.#child?.stdio ?? []) stream?.destroy();
    try {
      rmdirSync(this.#state);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

/** Until there is nobody left to kill. */
async function killGroup(group: number): Promise<void> {
  try {
    for (;;) {
      process.kill(-group, 'SIGKILL');
      await sleep(5);
    }
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

function groupOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return undefined;
  }
}

function checkRoot(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw fail('ERR_NS_NOT_FOUND', 'root', `${path} does not exist`);
  if (!stats.isDirectory()) throw fail('ERR_NS_INVALID_ARGUMENT', 'root', `${path} is not a directory`);
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new NsError('ERR_NS_STEP_FAILED', {
      operation: 'start',
      message: `${path} is no directory`,
      hint: 'choose another working directory',
      cause,
    });
  }
}

/** What execve(2) would say, as far as the suite looks. */
function checkCommand(root: string, cwd: string, command: string, env: readonly string[]): void {
  const path = env.find((entry) => entry.startsWith('PATH='))?.slice(5) ?? '/bin';
  const places = command.includes('/')
    ? [command.startsWith('/') ? command : join(cwd, command)]
    : path.split(':').map((directory) => join(directory, command));
  const found = places.map((place) => look(join(root, place))).filter((it) => it !== undefined);
  const isFit = (it: Found): boolean => it.stats.isFile() && (it.stats.mode & 0o111) !== 0;
  const fit = found.find(isFit);
  if (fit === undefined) {
    const code = found.length === 0 ? 'ERR_NS_COMMAND_NOT_FOUND' : 'ERR_NS_COMMAND_NOT_EXECUTABLE';
    throw fail(code, 'start', `run ${command}: it cannot be run`);
  }
  const head = readFileSync(fit.path).subarray(0, 100).toString('latin1');
  const interpreter = /^#!\s*(\S+)/.exec(head)?.[1];
  if (interpreter !== undefined && look(join(root, interpreter)) === undefined) {
    throw fail('ERR_NS_COMMAND_NOT_FOUND', 'start', `run ${command}: ${interpreter} does not exist`);
  }
  if (interpreter === undefined && !head.startsWith('\x7fELF')) {
    throw fail('ERR_NS_COMMAND_NOT_EXECUTABLE', 'start', `run ${command}: no format that the kernel knows`);
  }
}

interface Found {
  readonly path: string;
  readonly stats: Stats;
}

function look(path: string): Found | undefined {
  try {
    return { path, stats: statSync(path) };
  } catch {
    return undefined;
  }
}
