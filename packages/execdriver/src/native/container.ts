import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { isErrno, NsError } from '@ns/errors';
import { SIG, type OwnedFd } from '@ns/syscall';

import type {
  Container,
  ContainerSpec,
  ContainerStatus,
  ExecProcess,
  Exit,
  ProcessSpec,
  Streams,
  WindowSize,
} from '../contract.js';
import { validateProcess } from '../validate.js';
import { execSession } from './exec.js';
import { notRunning, type Session } from './session.js';
import { startContainer } from './start-container.js';
import type { StateDirectory } from './state.js';

/** How a container came to be: by a spec that can be started, or found with its session or its exit. */
export type Origin =
  | { readonly spec: ContainerSpec }
  | { readonly session: Session }
  | { readonly exit: Exit; readonly streams: Streams }
  | { readonly neverStarted: true };

/** A container of the native driver. */
export class NativeContainer implements Container {
  readonly id: string;
  readonly #directory: StateDirectory;
  readonly #lock: OwnedFd;
  readonly #spec: ContainerSpec | undefined;
  #session: Session | undefined;
  #exit: Exit | undefined;
  /** What was unread of a container that ended before it was adopted. */
  #rest: Streams | undefined;
  #phase: 'created' | 'starting' | 'started' | 'failed' = 'started';
  /** What `wait` before `start` waits for. */
  readonly #began: Promise<Session>;
  #begin!: { resolve(session: Session): void; reject(error: unknown): void };

  /** @param lock - From {@link StateDirectory.lock}. Owned. */
  constructor(id: string, directory: StateDirectory, lock: OwnedFd, origin: Origin) {
    this.id = id;
    this.#directory = directory;
    this.#lock = lock;
    this.#began = new Promise((resolve, reject) => (this.#begin = { resolve, reject }));
    // Whoever waits hears of a failed start; that nobody waits is no error.
    this.#began.catch(() => undefined);
    if ('spec' in origin) {
      this.#spec = origin.spec;
      this.#phase = 'created';
    } else if ('session' in origin) this.#follow(origin.session);
    else if ('exit' in origin) [this.#exit, this.#rest] = [origin.exit, origin.streams];
    else this.#giveUp();
  }

  get status(): ContainerStatus {
    if (this.#phase === 'created' || this.#phase === 'starting') return 'created';
    return this.#session?.running ? 'running' : 'stopped';
  }

  get pid(): number | undefined {
    return this.#session?.running ? this.#session.pid : undefined;
  }

  get streams(): Streams | undefined {
    return this.#session?.streams ?? this.#rest;
  }

  async start(): Promise<void> {
    if (this.#phase !== 'created' || this.#spec === undefined) {
      throw new NsError('ERR_NS_CONFLICT', {
        operation: 'start',
        message: `container ${this.id} was started already`,
        hint: 'create a new container from the same spec',
      });
    }
    this.#phase = 'starting';
    try {
      const session = await startContainer(this.#spec, this.#directory);
      this.#phase = 'started';
      this.#follow(session);
    } catch (error) {
      this.#phase = 'failed';
      this.#begin.reject(error);
      throw error;
    }
  }

  async wait(): Promise<Exit> {
    if (this.#exit !== undefined) return this.#exit;
    const session = this.#session ?? (await this.#began);
    return session.exit;
  }

  signal(signal: number): void {
    this.#running('signal').signal(signal);
  }

  async exec(process: ProcessSpec): Promise<ExecProcess> {
    validateProcess(process);
    const running = this.#running('exec');
    const session = await execSession(
      { pid: running.pid, target: running.pidfd(), id: this.id, stateDirectory: this.#directory.path },
      process,
    );
    return {
      pid: session.pid,
      streams: session.streams,
      wait: () => session.exit,
      signal: (signal) => session.signal(signal),
      resize: (size) => session.resize(size),
    };
  }

  resize(size: WindowSize): void {
    this.#running('resize').resize(size);
  }

  async processes(): Promise<number[]> {
    return processesLike(this.#running('list processes').pid);
  }

  async destroy(): Promise<void> {
    const session = this.#session;
    if (session?.running) {
      try {
        session.signal(SIG.SIGKILL);
      } catch (error) {
        // It ended by itself in the meantime.
        if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_RUNNING') throw error;
      }
      await session.exit;
    }
    await session?.close();
    if (this.#phase === 'created') this.#giveUp();
    this.#directory.remove();
    this.#lock.close();
  }

  /** It will never run: whoever waits for it hears so. */
  #giveUp(): void {
    this.#phase = 'failed';
    this.#begin.reject(notRunning('wait'));
  }

  #follow(session: Session): void {
    this.#session = session;
    this.#begin.resolve(session);
    void session.exit.then((exit) => (this.#exit = exit));
  }

  #running(operation: string): Session {
    if (!this.#session?.running) throw notRunning(operation);
    return this.#session;
  }
}

/** The processes in the pid namespace of `pid`, or below it in the tree when that namespace is ours too. */
function processesLike(pid: number): number[] {
  const namespace = namespaceOf(pid);
  if (namespace === undefined) throw notRunning('list processes');
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  if (namespace !== namespaceOf('self')) return pids.filter((other) => namespaceOf(other) === namespace);
  return descendants(pid, pids);
}

function namespaceOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES')) return undefined;
    throw error;
  }
}

function descendants(root: number, pids: readonly number[]): number[] {
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]));
  const isBelow = (pid: number | undefined): boolean =>
    pid === root || (pid !== undefined && isBelow(parents.get(pid)));
  return pids.filter(isBelow);
}

/** The fourth field of `/proc/PID/stat`; the second, in parentheses, may hold anything. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}
