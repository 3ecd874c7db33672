import { NsError } from '@ns/errors';
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
import { killMembers, members, membershipOf, type Membership } from './members.js';
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
  /** Where the pid namespace is shared: what may outlive the first process. */
  #strays: Membership | undefined;
  /** The attempt to start it; never rejects. */
  #starting: Promise<void> | undefined;
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
    const started = this.#start(this.#spec);
    this.#starting = started.catch(() => undefined);
    await started;
  }

  async #start(spec: ContainerSpec): Promise<void> {
    try {
      const session = await startContainer(spec, this.#directory);
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
    const membership = membershipOf(this.#running('list processes').pid);
    if (membership === undefined) throw notRunning('list processes');
    return members(membership);
  }

  async destroy(): Promise<void> {
    await this.#starting;
    const session = this.#session;
    if (session?.running) {
      try {
        session.signal(SIG.SIGKILL);
      } catch (error) {
        // It ended by itself in the meantime.
        if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_RUNNING') throw error;
      }
    }
    await session?.close();
    if (this.#strays !== undefined) await killMembers(this.#strays);
    this.#rest?.stdout?.destroy();
    this.#rest?.stderr?.destroy();
    if (this.#phase === 'created') this.#giveUp();
    // A second call must not remove what another container of this id has by now.
    if (this.#lock.isOpen) this.#directory.remove();
    this.#lock.close();
  }

  /** It will never run: whoever waits for it hears so. */
  #giveUp(): void {
    this.#phase = 'failed';
    this.#begin.reject(notRunning('wait'));
  }

  #follow(session: Session): void {
    this.#session = session;
    // With a pid namespace of its own, the end of the first process is that of all.
    const isShared = this.#spec === undefined || (this.#spec.namespaces?.pid ?? 'new') !== 'new';
    const membership = isShared ? membershipOf(session.pid) : undefined;
    if (membership !== undefined && membership.pid === undefined) this.#strays = membership;
    this.#begin.resolve(session);
    void session.exit.then((exit) => (this.#exit = exit));
  }

  #running(operation: string): Session {
    if (!this.#session?.running) throw notRunning(operation);
    return this.#session;
  }
}
