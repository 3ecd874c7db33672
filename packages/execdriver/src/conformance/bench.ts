import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { NsError, type NsErrorCode } from '@ns/errors';

import type {
  Container,
  ContainerSpec,
  ExecDriver,
  ExecProcess,
  Exit,
  NamespaceKind,
  ProcessSpec,
} from '../contract.js';
import { collect } from './collect.js';
import { declares, type Need } from './needs.js';
import type { ConformanceOptions } from './options.js';
import { copyRoot } from './root-copy.js';
import { assertNoNewChildren, assertNoTraces, children, mountsOf } from './traces.js';

/** What a case's container differs in from the plainest one. */
export interface Change extends Partial<Omit<ContainerSpec, 'process'>> {
  readonly process?: Partial<ProcessSpec>;
}

/** All that a program left. */
export interface Outcome {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of every program, unless its case says otherwise. */
export const ENV: readonly string[] = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'];

/** What one case works with: a driver with a state root of its own, a root file system, a directory of the host. */
export class Bench {
  /** Holds all of the below. */
  readonly directory: string;
  readonly stateRoot: string;
  /** A copy for this case alone. */
  readonly rootfs: string;
  /** An empty directory of the host. */
  readonly scratch: string;
  readonly driver: ExecDriver;
  readonly options: ConformanceOptions;
  readonly #needs: readonly Need[];
  readonly #children: readonly number[];
  readonly #containers = new Set<Container>();

  constructor(options: ConformanceOptions, needs: readonly Need[], temporary: string) {
    this.options = options;
    this.directory = mkdtempSync(join(temporary, 'ns-conformance-'));
    this.stateRoot = join(this.directory, 'state');
    this.rootfs = join(this.directory, 'rootfs');
    this.scratch = join(this.directory, 'scratch');
    this.#needs = needs;
    this.#children = children();
    copyRoot(options.rootfs, this.rootfs);
    mkdirSync(this.scratch);
    this.driver = this.reopen();
  }

  /** Another driver on the same state. */
  reopen(): ExecDriver {
    return this.options.factory({ stateRoot: this.stateRoot });
  }

  /** The plainest container that the driver can run, with a change. */
  spec(change: Change = {}): ContainerSpec {
    const { process, namespaces, ...rest } = change;
    return {
      id: `c${this.#containers.size}`,
      root: { kind: 'directory', path: this.rootfs },
      namespaces: { ...this.#without(), ...namespaces },
      process: { args: ['true'], env: ENV, ...process },
      ...rest,
    };
  }

  /** How many of a container's processes the host sees: those of another kernel it does not, but the one that is that kernel. */
  seen(processes: number): number {
    return this.driver.info.abilities.ownKernel === true ? 1 : processes;
  }

  /** Isolation that the driver does not have, and the case does not need, is done without. */
  #without(): Partial<Record<NamespaceKind, 'host'>> {
    const kinds = ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'] as const;
    const { abilities } = this.driver.info;
    return Object.fromEntries(
      kinds
        .filter(
          (kind) => !declares(abilities, `${kind} namespace`) && !this.#needs.includes(`${kind} namespace`),
        )
        .map((kind) => [kind, 'host']),
    );
  }

  async create(change: Change = {}): Promise<Container> {
    return this.keep(await this.driver.create(this.spec(change)));
  }

  /** Destroy a container at the end of the case. */
  keep(container: Container): Container {
    this.#containers.add(container);
    return container;
  }

  async start(change: Change = {}): Promise<Container> {
    const container = await this.create(change);
    await container.start();
    return container;
  }

  /** Run a program to its end. It sees end-of-file on its standard input. */
  async run(args: readonly string[], change: Change = {}): Promise<Outcome> {
    const container = await this.start({ ...change, process: { ...change.process, args } });
    const outcome = await outcomeOf(container);
    await container.destroy();
    return outcome;
  }

  /** What a shell script prints, without the last line feed. It must succeed. */
  async sh(script: string, change: Change = {}): Promise<string> {
    const { exit, stdout, stderr } = await this.run(['/bin/sh', '-c', script], change);
    assert.equal(exit.code, 0, `${script}: exit code ${exit.code}, stderr ${JSON.stringify(stderr)}`);
    return stdout.replace(/\n$/, '');
  }

  /** A container whose shell reads commands from its standard input until that ends. */
  async startShell(change: Change = {}): Promise<Container> {
    return this.start({ ...change, process: { ...change.process, args: ['/bin/sh'] } });
  }

  /** What a shell script prints when it is executed in a container. It must succeed. */
  async execSh(container: Container, script: string, change: Partial<ProcessSpec> = {}): Promise<string> {
    const { exit, stdout, stderr } = await outcomeOf(await container.exec(this.program(script, change)));
    assert.equal(exit.code, 0, `${script}: exit code ${exit.code}, stderr ${JSON.stringify(stderr)}`);
    return stdout.replace(/\n$/, '');
  }

  /** A shell script as a program. */
  program(script: string, change: Partial<ProcessSpec> = {}): ProcessSpec {
    return { args: ['/bin/sh', '-c', script], env: ENV, ...change };
  }

  /**
   * A container that cannot be run: refused by `create` or by `start`. After the latter it is stopped.
   *
   * @param code - What the error has to say; undefined when any NsError will do.
   * @returns The error.
   */
  async fails(code: NsErrorCode | undefined, change: Change): Promise<NsError> {
    const before = children();
    let container: Container | undefined;
    let failure: unknown;
    try {
      container = await this.create(change);
      await container.start();
    } catch (error) {
      failure = error;
    }
    assertCode(failure, code);
    await assertNoNewChildren(before);
    if (container !== undefined) {
      assert.equal(container.status, 'stopped', 'a container that failed to start is stopped');
      assert.equal(container.pid, undefined);
    }
    return failure;
  }

  /** Destroy what the case made, and see that nothing is left of it on the machine. */
  async close(): Promise<void> {
    try {
      for (const container of this.#containers) await container.destroy();
      assert.deepEqual(await this.driver.list(), [], 'containers that were destroyed are not listed');
      await assertNoTraces(this.directory, this.#children);
    } finally {
      this.#remove();
    }
  }

  /** The same after a failure, whose error is the one that counts. */
  async abandon(): Promise<void> {
    await Promise.allSettled([...this.#containers].map((container) => container.destroy()));
    this.#remove();
  }

  #remove(): void {
    // What is mounted there may be somebody's, and would be removed too.
    if (mountsOf(this.directory).length === 0) rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Give a process end-of-file, read all that it writes, and wait for its end. */
export async function outcomeOf(process: Container | ExecProcess): Promise<Outcome> {
  process.streams?.stdin?.end();
  const [exit, output] = await Promise.all([process.wait(), collect(process.streams)]);
  return { exit, ...output };
}

/** The error must be an NsError of this code. */
export function assertCode(error: unknown, code: NsErrorCode | undefined): asserts error is NsError {
  assert.ok(error !== undefined, `nothing was refused, expected ${code ?? 'an error'}`);
  assert.ok(NsError.is(error), `expected an NsError ${code ?? ''}, got ${inspect(error)}`);
  if (code !== undefined) assert.equal(error.code, code, error.message);
}

/** The promise must be rejected with an NsError of this code. */
export async function rejects(code: NsErrorCode, promise: Promise<unknown>): Promise<NsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assertCode(error, code);
  return error;
}

/** The call must throw an NsError of this code. */
export function throws(code: NsErrorCode, call: () => unknown): NsError {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  assertCode(error, code);
  return error;
}
