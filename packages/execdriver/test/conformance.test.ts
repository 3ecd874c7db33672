// needs: linux, root, busybox
/** The suite itself: with a driver that can do next to nothing, and with drivers that are wrong on purpose. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Container, ContainerSpec, DriverFactory, ExecDriver } from '@ns/execdriver';
import { conformance, type ConformanceOptions } from '@ns/execdriver/conformance';
import { afterAll, describe, expect, test } from 'vitest';

import { BusyboxRoot } from './busybox-root.js';
import { FAKE_INFO, fakeDriver } from './fake-driver.js';
import { TIME_LIMIT_MS, vitestRunner } from './runner.js';

const root = new BusyboxRoot();
// Shells give background jobs /dev/null to read; without mounts, that is a file of the root.
mkdirSync(join(root.path, 'dev'));
writeFileSync(join(root.path, 'dev/null'), '');
afterAll(() => root[Symbol.dispose]());

describe('a driver that declares next to nothing', () => {
  conformance({ factory: fakeDriver, rootfs: root.path, timeLimitMs: TIME_LIMIT_MS, runner: vitestRunner });
});

interface Collected {
  readonly failed: string[];
  readonly passed: string[];
  readonly skipped: string[];
}

/** Run cases without a test framework. */
async function collect(factory: DriverFactory, options: Partial<ConformanceOptions>): Promise<Collected> {
  const cases: { readonly name: string; readonly body: () => Promise<void> }[] = [];
  const result: Collected = { failed: [], passed: [], skipped: [] };
  let group = '';
  conformance({
    factory,
    rootfs: root.path,
    runner: {
      describe: (name, body) => {
        group = name;
        body();
      },
      test: (name, body) => cases.push({ name: `${group} ${name}`, body }),
      skip: (name, reason) => result.skipped.push(`${group} ${name}: ${reason}`),
    },
    ...options,
  });
  for (const { name, body } of cases) {
    try {
      await body();
      result.passed.push(name);
    } catch (error) {
      result.failed.push(`${name}: ${(error as Error).message}`);
    }
  }
  return result;
}

/** The fake driver with something wrong about its containers. */
const wrong =
  (
    change: Partial<Container> | ((container: Container) => Partial<Container>),
    driver: Partial<ExecDriver> = {},
  ) =>
  (options: { readonly stateRoot: string }): ExecDriver => {
    const fake = fakeDriver(options);
    return {
      ...fake,
      async create(spec: ContainerSpec) {
        const container = await (driver.create?.(spec) ?? fake.create(spec));
        const changes = typeof change === 'function' ? change(container) : change;
        return new Proxy(container, {
          get: (target, key) => {
            if (Object.hasOwn(changes, key)) return changes[key as keyof Container];
            const value: unknown = Reflect.get(target, key, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
      ...(driver.info === undefined ? {} : { info: driver.info }),
    };
  };

const withTerminal = { ...FAKE_INFO, abilities: { ...FAKE_INFO.abilities, terminal: true } };

/** A driver that takes a terminal and gives none. */
const ignoringTerminals =
  (info: typeof FAKE_INFO): DriverFactory =>
  (options) => {
    const fake = fakeDriver(options);
    const create = (spec: ContainerSpec): Promise<Container> => {
      const { terminal, ...process } = spec.process;
      return fake.create(terminal === undefined ? spec : { ...spec, process });
    };
    return wrong({}, { info, create })(options);
  };

const WRONG: readonly {
  readonly what: string;
  readonly factory: DriverFactory;
  readonly only: string;
  readonly says: string;
}[] = [
  {
    what: 'gives other exit codes',
    factory: wrong((it) => ({ wait: async () => ({ ...(await it.wait()), code: 1 }) })),
    only: 'life cycle gives the exit status 7',
    says: '1 !== 7',
  },
  {
    what: 'never says that a container has ended',
    factory: wrong({ wait: () => new Promise(() => undefined) }),
    only: 'life cycle gives the exit status 7',
    says: 'not within 2000 ms',
  },
  {
    what: 'leaves state behind',
    factory: wrong((it) => ({ destroy: async () => (await it.wait(), undefined) })),
    only: 'life cycle gives the exit status 7',
    says: 'containers that were destroyed are not listed',
  },
  {
    what: 'leaves a process behind',
    factory: wrong((it) => ({
      start: async () => {
        spawn('sleep', ['4'], { stdio: 'ignore' }).unref();
        await it.start();
      },
    })),
    only: 'life cycle gives the exit status 7',
    says: 'nothing left behind: not within',
  },
  {
    what: 'lets the environment of the engine in',
    factory: (options) => {
      const fake = fakeDriver(options);
      const create = ({ process, ...spec }: ContainerSpec): Promise<Container> =>
        fake.create({ ...spec, process: { ...process, env: [...process.env, 'LEAK=1'] } });
      return wrong({}, { create })(options);
    },
    only: 'gets its environment',
    says: 'LEAK=1',
  },
  {
    what: 'declares a terminal that is none',
    factory: ignoringTerminals(withTerminal),
    only: 'a terminal has its size before',
    says: '31 117',
  },
  {
    what: 'takes a terminal that it does not declare',
    factory: ignoringTerminals(FAKE_INFO),
    only: 'a terminal is all three standard streams',
    says: 'terminal is not declared, and was not refused',
  },
];

describe('a driver is found out that', () => {
  test.each(WRONG)('$what', async ({ factory, only, says }) => {
    const { failed, passed } = await collect(factory, { only, timeLimitMs: 2000 });
    expect(passed).toEqual([]);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toContain(says);
  });
});

test('a driver that lets others adopt needs another process to be tested in', async () => {
  const info = { ...FAKE_INFO, abilities: { ...FAKE_INFO.abilities, adopt: true } };
  await expect(collect(wrong({}, { info }), {})).rejects.toThrow('needs the option "module"');
});

test('what is refused is refused by a test of that name', async () => {
  const { passed } = await collect(fakeDriver, { only: 'init is process 1' });
  expect(passed).toEqual(['init is process 1, and passes the exit status on: refused, for want of init']);
});
