import type { Cgroup } from '@ns/cgroups';
import { NsError } from '@ns/errors';
import { SIG, type OwnedFd } from '@ns/syscall';

import type {
  CgroupStats,
  Container,
  ContainerSpec,
  ContainerStatus,
  ExecProcess,
  Exit,
  ProcessSpec,
  Resources,
  Streams,
  WindowSize,
} from '../contract.js';
import { validateProcess } from '../validate.js';
import { openContainerCgroup } from './cgroup.js';
import { execSession } from './exec.js';
import { killMembers, members, membershipOf, type Membership } from './members.js';
import { notRunning, type Session } from './session.js';
import { startContainer } from './start-container.js';
import type { StateDirectory } from './state.js';

/** How a container came to be: by a spec that can be started, or found with its session or its exit. */
export type Origin = (
  | { readonly spec: ContainerSpec }
  | { readonly session: Session }
  | { readonly exit: Exit; readonly streams: Streams }
  | { readonly neverStarted: true }
) & {
  /** The path of its cgroup; undefined when it has none. */
  readonly cgroup: string | undefined;
};

/** A container of the native driver. */
export class NativeContainer implements Container {
  readonly id: string;
  readonly #directory: StateDirectory;
  readonly #lock: OwnedFd;
  readonly #spec: ContainerSpec | undefined;
  readonly #cgroupPath: string | undefined;
  #openCgroup: Cgroup | undefined;
  #isPaused = false;
  #session: Session | undefined;
  #exit: Exit | undefined;
  /** Something may outlive the first process. */
  #mayHaveStrays = true;
  /** By what that is known without a cgroup. */
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
    this.#cgroupPath = origin.cgroup;
    this.#began = new Promise((resolve, reject) => (this.#begin = { resolve, reject }));
    // Whoever waits hears of a failed start; that nobody waits is no error.
    this.#began.catch(() => undefined);
    if ('spec' in origin) {
      this.#spec = origin.spec;
      this.#phase = 'created';
    } else if ('session' in origin) {
      this.#follow(origin.session);
      this.#isPaused = this.#cgroup?.isFrozen ?? false;
    } else if ('exit' in origin) [this.#exit, this.#rest] = [origin.exit, origin.streams];
    else this.#giveUp();
  }

  /** It is there from the start to the end, and opened once. */
  get #cgroup(): Cgroup | undefined {
    this.#openCgroup ??= openContainerCgroup(this.#cgroupPath);
    return this.#openCgroup;
  }

  get status(): ContainerStatus {
    if (this.#phase === 'created' || this.#phase === 'starting') return 'created';
    if (this.#session?.running !== true) return 'stopped';
    return this.#isPaused ? 'paused' : 'running';
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
      const session = await startContainer(spec, this.#directory, this.#cgroupPath);
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
    // A frozen process of version 1 is killed when it runs on.
    if (signal === SIG.SIGKILL && this.#isPaused) this.#thaw();
  }

  async update(resources: Resources): Promise<void> {
    this.#control('update').update(resources);
  }

  async pause(): Promise<void> {
    const cgroup = this.#control('pause');
    if (this.#isPaused) throw conflict('pause', `container ${this.id} is paused already`);
    this.#isPaused = true;
    try {
      await cgroup.freeze();
    } catch (error) {
      this.#isPaused = false;
      throw error;
    }
  }

  async resume(): Promise<void> {
    this.#control('resume');
    if (!this.#isPaused) throw conflict('resume', `container ${this.id} is not paused`);
    this.#thaw();
  }

  #thaw(): void {
    this.#cgroup?.thaw();
    this.#isPaused = false;
  }

  async stats(): Promise<CgroupStats> {
    return this.#control('stats').stats();
  }

  /** The cgroup of a container that runs. */
  #control(operation: string): Cgroup {
    this.#running(operation);
    if (this.#cgroup !== undefined) return this.#cgroup;
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation,
      message: `container ${this.id} has no cgroup`,
      hint: 'a container that is started with the rights of root has one',
    });
  }

  async exec(process: ProcessSpec): Promise<ExecProcess> {
    validateProcess(process);
    const running = this.#running('exec');
    const session = await execSession(
      {
        pid: running.pid,
        target: running.pidfd(),
        id: this.id,
        stateDirectory: this.#directory.path,
        cgroup: this.#cgroup,
      },
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
    const { pid } = this.#running('list processes');
    if (this.#cgroup !== undefined) return this.#cgroup.processes();
    const membership = membershipOf(pid);
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
    // A frozen process of version 1 is killed when it runs on.
    if (this.#isPaused) this.#thaw();
    await session?.close();
    if (this.#mayHaveStrays) await this.#killStrays();
    this.#rest?.stdout?.destroy();
    this.#rest?.stderr?.destroy();
    if (this.#phase === 'created') this.#giveUp();
    await this.#cgroup?.remove();
    // A second call must not remove what another container of this id has by now.
    if (this.#lock.isOpen) this.#directory.remove();
    this.#lock.close();
  }

  /** What the end of the first process did not take along: its pid namespace is shared, or nobody saw the end. */
  async #killStrays(): Promise<void> {
    if (this.#cgroup !== undefined) await this.#cgroup.kill();
    else if (this.#strays !== undefined) await killMembers(this.#strays);
  }

  /** It will never run: whoever waits for it hears so. */
  #giveUp(): void {
    this.#phase = 'failed';
    this.#begin.reject(notRunning('wait'));
  }

  #follow(session: Session): void {
    this.#session = session;
    // With a pid namespace of its own, the end of the first process is that of all.
    this.#mayHaveStrays = this.#spec === undefined || (this.#spec.namespaces?.pid ?? 'new') !== 'new';
    const membership =
      this.#mayHaveStrays && this.#cgroupPath === undefined ? membershipOf(session.pid) : undefined;
    if (membership !== undefined && membership.pid === undefined) this.#strays = membership;
    this.#begin.resolve(session);
    void session.exit.then((exit) => (this.#exit = exit));
  }

  #running(operation: string): Session {
    if (!this.#session?.running) throw notRunning(operation);
    return this.#session;
  }
}

const conflict = (operation: string, message: string): NsError =>
  new NsError('ERR_NS_CONFLICT', { operation, message });
