import { readdirSync } from 'node:fs';

import { NsError } from '@ns/errors';
import { checkContract, type DriverModule, type ExecDriver, type Probe } from '@ns/execdriver';

import type { Paths } from '../engine/paths.js';
import type { Runtime } from './builtin.js';
import { type DriversConfig, unknownRuntime } from './config.js';

/** A driver that was looked at. */
export interface DriverState extends Probe {
  /** By which containers ask for it. */
  readonly runtime: Runtime;
  readonly info: ExecDriver['info'] | undefined;
}

/** Longer than any driver may take to say whether it works here. */
const PROBE_MS = 5_000;

/** The drivers of a daemon: loaded when a container needs them, and probed. */
export class Drivers {
  #defaultName: string;
  readonly #runtimes: Map<string, Runtime>;
  readonly #paths: Paths;
  readonly #loaded = new Map<string, Promise<ExecDriver>>();
  readonly #probes = new Map<string, Promise<Probe>>();

  constructor({ runtimes, defaultName }: DriversConfig, paths: Paths) {
    this.#runtimes = new Map(runtimes.map((runtime) => [runtime.name, runtime]));
    this.#defaultName = defaultName;
    this.#paths = paths;
  }

  /** The one of containers that name none. */
  get defaultName(): string {
    return this.#defaultName;
  }

  /**
   * Take up new runtimes, and another default. What containers may run by stays as it is.
   *
   * @returns The names of those that are otherwise, or gone: the next daemon has them so.
   * @throws {@link NsError} as {@link available}, of the default one. Nothing has changed then.
   */
  async reload({ runtimes, defaultName }: DriversConfig): Promise<string[]> {
    const before = new Map(this.#runtimes);
    const after = new Map(runtimes.map((runtime) => [runtime.name, runtime]));
    for (const [name, runtime] of after) if (!before.has(name)) this.#runtimes.set(name, runtime);
    try {
      await this.available(defaultName);
    } catch (error) {
      for (const name of after.keys()) if (!before.has(name)) this.#forget(name);
      throw error;
    }
    this.#defaultName = defaultName;
    return [...before].filter(([name, runtime]) => !isSame(runtime, after.get(name))).map(([name]) => name);
  }

  /** Those that may have state of containers, by name; also one that is not there any more. */
  withState(): string[] {
    const native = this.#runtimes.has('native') ? ['native'] : [];
    try {
      return [...native, ...readdirSync(this.#paths.drivers)];
    } catch {
      return native;
    }
  }

  /**
   * A driver, whether it can work here or not.
   *
   * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when there is none of that name; `ERR_NS_UNSUPPORTED` when it is
   * written for another version of the contract.
   */
  get(name: string): Promise<ExecDriver> {
    const runtime = this.#runtime(name);
    const loaded = this.#loaded.get(name) ?? this.#load(runtime);
    this.#loaded.set(name, loaded);
    // One that could not be loaded is tried again.
    loaded.catch(() => this.#loaded.delete(name));
    return loaded;
  }

  /**
   * A driver that can work here.
   *
   * @throws {@link NsError} as {@link get}, and `ERR_NS_UNSUPPORTED` with the reason and what to do.
   */
  async available(name: string): Promise<ExecDriver> {
    const driver = await this.get(name);
    const { available, reason = 'it does not say why', hint } = await this.#probe(this.#runtime(name));
    if (available) return driver;
    this.#probes.delete(name);
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: `runtime ${name}`,
      message: `driver ${driver.info.name} cannot work here: ${reason}`,
      hint: hint ?? 'Choose another runtime: `ns info` lists them.',
    });
  }

  /** What there is, and whether it works here. */
  async describe(): Promise<DriverState[]> {
    const states: DriverState[] = [];
    // One after the other: this is for information, and the machine may be busy starting containers.
    for (const runtime of this.#runtimes.values()) {
      const info = await this.get(runtime.name).then(
        (driver) => driver.info,
        () => undefined,
      );
      const probe = await this.#probe(runtime);
      states.push({ runtime, info, ...probe });
      // What is missing may be installed until the next time.
      if (!probe.available) this.#probes.delete(runtime.name);
    }
    return states;
  }

  #forget(name: string): void {
    this.#runtimes.delete(name);
    this.#loaded.delete(name);
    this.#probes.delete(name);
  }

  #runtime(name: string): Runtime {
    const runtime = this.#runtimes.get(name);
    if (runtime === undefined) throw unknownRuntime('HostConfig.Runtime', name, this.#runtimes.keys());
    return runtime;
  }

  async #load({ name, load, settings }: Runtime): Promise<ExecDriver> {
    const module = await load();
    checkContract(module.info);
    return module.create({ stateRoot: this.#paths.driverState(name), ...(settings ? { settings } : {}) });
  }

  #probe(runtime: Runtime): Promise<Probe> {
    const known = this.#probes.get(runtime.name);
    if (known !== undefined) return known;
    const probe = limited(runtime.load().then((module: DriverModule) => module.probe(runtime.settings)));
    this.#probes.set(runtime.name, probe);
    return probe;
  }
}

const isSame = (one: Runtime, other: Runtime | undefined): boolean =>
  other !== undefined &&
  one.path === other.path &&
  JSON.stringify(one.settings ?? {}) === JSON.stringify(other.settings ?? {});

/** The answer of a driver that is late, or that throws, is that it does not work. */
async function limited(probe: Promise<Probe>): Promise<Probe> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Probe>((resolve) => {
    const reason = `it did not say whether it works within ${PROBE_MS / 1000} s`;
    timer = setTimeout(() => resolve({ available: false, reason }), PROBE_MS);
    timer.unref();
  });
  try {
    return await Promise.race([probe, late]);
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
