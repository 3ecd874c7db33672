/**
 * The conformance suite of the execution driver contract, for authors of drivers: a function of a driver's factory.
 *
 * @packageDocumentation
 */
import { tmpdir } from 'node:os';

import { Bench } from './bench.js';
import type { Case } from './case.js';
import { GROUPS } from './cases/index.js';
import { MACHINE } from './machine.js';
import { assertRefused, declares, type Need } from './needs.js';
import type { ConformanceOptions } from './options.js';
import { setPatience, within } from './within.js';

export type { ConformanceOptions, FactoryModule, Runner } from './options.js';

const DEFAULT_TIME_LIMIT_MS = 30_000;

/**
 * Register the cases that a driver has to pass, with any test framework.
 *
 * @remarks
 * Each case knows which abilities it needs. When the driver does not declare one of them, the case is replaced by one
 * that asks for it, and passes if the driver refuses: with `ERR_NS_UNSUPPORTED`, a sentence and a hint, before anything
 * is made. Nothing that a driver declares is passed over, and nothing that it does not declare may happen by half.
 *
 * After each case the machine is searched for what is left of it: processes, mounts in any mount namespace, open files,
 * zombies, state. That takes root, as most drivers do.
 *
 * @example With node:test
 * ```ts
 * conformance({
 *   factory: myDriver,
 *   module: { url: import.meta.resolve('my-driver'), name: 'myDriver' },
 *   rootfs: '/srv/busybox',
 *   runner: { describe, test, skip: (name, reason) => test(name, { skip: reason }) },
 * });
 * ```
 */
export function conformance(options: ConformanceOptions): void {
  const { factory, runner, only = '', temporary = tmpdir() } = options;
  const { abilities } = factory({ stateRoot: temporary }).info;
  if (abilities.adopt && options.module === undefined) {
    throw new TypeError('conformance: a driver that declares "adopt" needs the option "module"');
  }
  for (const group of GROUPS) {
    const cases = group.cases.filter(({ name }) => `${group.name} ${name}`.includes(only));
    if (cases.length === 0) continue;
    runner.describe(group.name, () => {
      for (const each of cases) {
        register(options, temporary, each, [...(group.needs ?? []), ...(each.needs ?? [])], (need) =>
          declares(abilities, need),
        );
      }
    });
  }
}

function register(
  options: ConformanceOptions,
  temporary: string,
  each: Case,
  needs: readonly Need[],
  isDeclared: (need: Need) => boolean,
): void {
  const { runner, timeLimitMs = DEFAULT_TIME_LIMIT_MS } = options;
  const run = async (act: (bench: Bench) => Promise<void>): Promise<void> => {
    const bench = new Bench(options, needs, temporary);
    setPatience(timeLimitMs);
    try {
      await within(timeLimitMs, each.name, act(bench));
    } catch (error) {
      await bench.abandon();
      throw error;
    }
    await bench.close();
  };
  const missing = needs.find((need) => !isDeclared(need));
  if (missing !== undefined) {
    runner.test(`${each.name}: refused, for want of ${missing}`, () =>
      run((bench) => assertRefused(bench, missing)),
    );
    return;
  }
  const reason = each.machine?.map((need) => MACHINE[need](temporary)).find((found) => found !== undefined);
  if (reason === undefined) runner.test(each.name, () => run(each.run));
  else runner.skip(each.name, reason);
}
