import type { Container as DriverContainer, ExecDriver } from '@ns/execdriver';

import { LogFile, type LogLimits } from '../logs/log-file.js';
import { InputHub, OutputHub } from '../stdio/hub.js';
import { Actor } from './actor.js';
import type { ExecSession } from './exec-session.js';
import type { ContainerPaths } from './paths.js';
import { type ContainerRecord, isRunning, type RunState } from './record.js';

/** The streams of one run: the one that goes on, or the next one. */
export interface Run {
  readonly output: OutputHub;
  readonly input: InputHub;
}

/**
 * One container of the engine: its record, the actor that its operations go through, and who waits for it.
 *
 * The verbs are in files of their own (`start.ts`, `stop.ts`, `remove.ts`…). `record` can be read at any time without
 * waiting: it is replaced as a whole.
 */
export class ManagedContainer {
  readonly id: string;
  readonly paths: ContainerPaths;
  readonly actor: Actor = new Actor();
  /** Undefined with the log driver `none`. */
  readonly log: LogFile | undefined;
  readonly execs: Map<string, ExecSession> = new Map();
  record: ContainerRecord;
  /** Its driver, once something was to be done with it. */
  execDriver: ExecDriver | undefined;
  /** The driver's handle while the container runs. */
  driver: DriverContainer | undefined;
  /** Tells when memory runs out, while it runs. */
  oomWatcher: Disposable | undefined;
  /** How often that was told of this run. */
  oomEvents = 0;
  run: Run = { output: new OutputHub(), input: new InputHub() };
  /** Waiting for the restart policy's delay. */
  restartTimer: NodeJS.Timeout | undefined;
  restartDelayMs = 0;
  readonly #exitWaiters = new Set<(exitCode: number) => void>();
  readonly #removalWaiters = new Set<(exitCode: number) => void>();

  constructor(record: ContainerRecord, paths: ContainerPaths, logLimits: LogLimits | undefined) {
    this.id = record.id;
    this.record = record;
    this.paths = paths;
    this.log = logLimits === undefined ? undefined : new LogFile(paths.log, logLimits);
  }

  get isRunning(): boolean {
    return isRunning(this.record);
  }

  /** The record with some of its state changed. Not saved. */
  setState(change: Partial<RunState>): void {
    this.record = { ...this.record, state: { ...this.record.state, ...change } };
  }

  /** Whoever was connected to the run that is over hears its end; the next run has streams of its own. */
  renewRun(): void {
    this.run.output.end();
    this.run.input.end();
    this.run = { output: new OutputHub(), input: new InputHub() };
  }

  /** Resolves with the exit code, at the end of the present run or of the next one. */
  nextExit(signal?: AbortSignal): Promise<number> {
    return waitIn(this.#exitWaiters, signal);
  }

  /** Resolves with the last exit code when the container is gone. */
  removal(signal?: AbortSignal): Promise<number> {
    return waitIn(this.#removalWaiters, signal);
  }

  announceExit(): void {
    announce(this.#exitWaiters, this.record.state.exitCode);
  }

  announceRemoval(): void {
    announce(this.#exitWaiters, this.record.state.exitCode);
    announce(this.#removalWaiters, this.record.state.exitCode);
  }
}

function waitIn(waiters: Set<(exitCode: number) => void>, signal?: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      waiters.delete(wake);
      reject(signal?.reason as Error);
    };
    const wake = (exitCode: number): void => {
      signal?.removeEventListener('abort', forget);
      resolve(exitCode);
    };
    waiters.add(wake);
    signal?.addEventListener('abort', forget, { once: true });
  });
}

function announce(waiters: Set<(exitCode: number) => void>, exitCode: number): void {
  for (const wake of waiters) wake(exitCode);
  waiters.clear();
}
