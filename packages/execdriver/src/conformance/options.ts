import type { DriverFactory } from '../contract.js';

/** What the suite needs of a test framework. `node:test`, vitest, jest and mocha all have it. */
export interface Runner {
  /** Registers at once: `body` is called before `describe` returns. */
  describe(name: string, body: () => void): void;
  /** The suite has time limits of its own, {@link ConformanceOptions.timeLimitMs}; the framework's should be longer. */
  test(name: string, body: () => Promise<void>): void;
  /** A case that this machine cannot run, and why. */
  skip(name: string, reason: string): void;
}

/**
 * Where another process finds the factory: a container has to outlive the process that started it, and that process
 * must not be the one of the tests.
 */
export interface FactoryModule {
  /** The URL or absolute path of a module. */
  readonly url: string;
  /** The name under which the module exports the factory. */
  readonly name: string;
  /** Arguments for Node, before the program: `['--import', '…']`. */
  readonly nodeOptions?: readonly string[];
}

/** What the conformance suite is a function of. */
export interface ConformanceOptions {
  readonly factory: DriverFactory;
  /**
   * A directory with a root file system whose `/bin` has busybox's applets. It is copied for each case, with hard links
   * where that is possible, and not written to.
   */
  readonly rootfs: string;
  readonly runner: Runner;
  /** Needed of drivers that declare the ability `adopt`. */
  readonly module?: FactoryModule;
  /** Directory for what the cases make. Default: the system's. Long enough paths matter to no case. */
  readonly temporary?: string;
  /** How long one case may take. Default 30 s. */
  readonly timeLimitMs?: number;
  /** Cases to run, by a part of their full name. Default: all. */
  readonly only?: string;
}
