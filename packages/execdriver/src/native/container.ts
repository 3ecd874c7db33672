import { NsError } from '@ns/errors';
import { SIG, type OwnedFd } from '@ns/syscall';

import type { Backend } from '../backend.js';
import type {
  CgroupStats,
  CheckpointOptions,
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
import { notRunning, type Session } from './session.js';
import type { StateDirectory } from './state.js';

/** How a container came to be: by a spec that can be started, or found with its session or its exit. */
export type Origin =
  | { readonly spec: ContainerSpec }
  | { readonly session: Session }
  | { readonly exit: Exit; readonly streams: Streams }
  | { readonly neverStarted: true };

/** What a {@link MonitoredContainer} is made of. */
export interface ContainerParts {
  readonly id: string;
  readonly directory: StateDirectory;
  /** From {@link StateDirectory.lock}. Owned. */
  readonly lock: OwnedFd;
  readonly origin: Origin;
  readonly backend: Backend;
}

/** A container whose first process a monitor of ours watches: the life cycle, whatever isolates it. */
export class MonitoredContainer implements Container {
  readonly id: string;
  readonly #directory: StateDirectory;
  readonly #lock: OwnedFd;
  readonly #spec: ContainerSpec | undefined;
  readonly #backend: Backend;
  #isPaused = false;
  #session: Session | undefined;
  #exit: Exit | undefined;
  /** The attempt to start it; never rejects. */
  #starting: Promise<void> | undefined;
  /** What was unread of a container that ended before it was adopted. */
  #rest: Streams | undefined;
  #phase: 'created' | 'starting' | 'started' | 'failed' = 'started';
  /** What `wait` before `start` waits for. */
  readonly #began: Promise<Session>;
  #begin!: { resolve(session: Session): void; reject(error: unknown): void };

  constructor({ id, directory, lock, origin, backend }: ContainerParts) {
    this.id = id;
    this.#directory = directory;
    this.#lock = lock;
    this.#backend = backend;
    this.#began = new Promise((resolve, reject) => (this.#begin = { resolve, reject }));
    // Whoever waits hears of a failed start; that nobody waits is no error.
    this.#began.catch(() => undefined);
    if ('spec' in origin) {
      this.#spec = origin.spec;
      this.#phase = 'created';
    } else if ('session' in origin) {
      this.#follow(origin.session);
      this.#isPaused = backend.isPaused(origin.session);
    } else if ('exit' in origin) [this.#exit, this.#rest] = [origin.exit, origin.streams];
    else this.#giveUp();
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

  start(): Promise<void> {
    return this.#launch('start', (spec) => this.#backend.start(spec));
  }

  async restore(directory: string): Promise<void> {
    const { restore } = this.#backend;
    if (restore === undefined) throw noCheckpoints('restore');
    await this.#launch('restore', (spec) => restore.call(this.#backend, spec, directory));
  }

  async checkpoint(options: CheckpointOptions): Promise<void> {
    const session = this.#running('checkpoint');
    if (this.#backend.checkpoint === undefined) throw noCheckpoints('checkpoint');
    await this.#backend.checkpoint(options, session);
  }

  async #launch(operation: string, begin: (spec: ContainerSpec) => Promise<Session>): Promise<void> {
    if (this.#phase !== 'created' || this.#spec === undefined) {
      throw new NsError('ERR_NS_CONFLICT', {
        operation,
        message: `container ${this.id} was started already`,
        hint: 'create a new container from the same spec',
      });
    }
    this.#phase = 'starting';
    const started = this.#start(this.#spec, begin);
    this.#starting = started.catch(() => undefined);
    await started;
  }

  async #start(spec: ContainerSpec, begin: (spec: ContainerSpec) => Promise<Session>): Promise<void> {
    try {
      const session = await begin(spec);
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
    const session = this.#running('signal');
    this.#backend.signal(signal, session);
    // A frozen process of version 1 is killed when it runs on. Who kills it need not hear that this has failed.
    if (signal === SIG.SIGKILL && this.#isPaused) void this.#resume(session).catch(() => undefined);
  }

  async update(resources: Resources): Promise<void> {
    await this.#backend.update(resources, this.#running('update'));
  }

  async pause(): Promise<void> {
    const session = this.#running('pause');
    if (this.#isPaused) throw conflict('pause', `container ${this.id} is paused already`);
    this.#isPaused = true;
    try {
      await this.#backend.pause(session);
    } catch (error) {
      this.#isPaused = false;
      throw error;
    }
  }

  async resume(): Promise<void> {
    const session = this.#running('resume');
    if (!this.#isPaused) throw conflict('resume', `container ${this.id} is not paused`);
    await this.#resume(session);
  }

  async #resume(session: Session): Promise<void> {
    await this.#backend.resume(session);
    this.#isPaused = false;
  }

  async stats(): Promise<CgroupStats> {
    return this.#backend.stats(this.#running('stats'));
  }

  async exec(process: ProcessSpec): Promise<ExecProcess> {
    validateProcess(process);
    const container = this.#running('exec');
    if (this.#isPaused) throw standsStill(this.id);
    const session = await this.#backend.exec(process, container);
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
    return this.#backend.processes(this.#running('list processes'));
  }

  async destroy(): Promise<void> {
    await this.#starting;
    const session = this.#session;
    if (session?.running) await this.#kill(session);
    await session?.letGo();
    try {
      await this.#backend.killRest();
      this.#rest?.stdout?.destroy();
      this.#rest?.stderr?.destroy();
      if (this.#phase === 'created') this.#giveUp();
      await this.#backend.remove();
      // A second call must not remove what another container of this id has by now.
      if (this.#lock.isOpen) this.#directory.remove();
      this.#lock.close();
    } finally {
      // The monitor took its leave meanwhile.
      await session?.monitorGone();
    }
  }

  async #kill(session: Session): Promise<void> {
    try {
      if (this.#backend.kill === undefined) session.signal(SIG.SIGKILL);
      else await this.#backend.kill(session);
    } catch (error) {
      // It ended by itself in the meantime.
      if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_RUNNING') throw error;
    }
    // A frozen process of version 1 is killed when it runs on.
    if (this.#isPaused) await this.#resume(session);
  }

  /** It will never run: whoever waits for it hears so. */
  #giveUp(): void {
    this.#phase = 'failed';
    this.#begin.reject(notRunning('wait'));
  }

  #follow(session: Session): void {
    this.#session = session;
    this.#backend.follow(session, this.#spec);
    this.#begin.resolve(session);
    void session.exit.then((exit) => (this.#exit = exit));
  }

  #running(operation: string): Session {
    if (!this.#session?.running) throw notRunning(operation);
    return this.#session;
  }
}

const noCheckpoints = (operation: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', {
    operation,
    message: 'the driver of this container has no checkpoints',
    hint: 'use the driver oci with runc, on a machine where `criu check` finds nothing amiss',
  });

/** What joins a group that is frozen stands still at once, and whoever waits for its start waits until it is resumed. */
const standsStill = (id: string): NsError =>
  new NsError('ERR_NS_CONFLICT', {
    operation: 'exec',
    message: `container ${id} is paused`,
    hint: 'resume it before',
  });

const conflict = (operation: string, message: string): NsError =>
  new NsError('ERR_NS_CONFLICT', { operation, message });
