// needs: linux, root, busybox
/** Every system call of the kit's programs fails in turn: the start says so or goes on, and nothing is left of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NsError } from '@ns/errors';
import { countSteps, injectFault, type Program } from '@ns/syscall';
import { BusyboxRoot } from '@ns/testing/drivers';
import { afterAll, describe, expect, test, vi } from 'vitest';

import { assertNoTraces, children, openDescriptors } from '../src/conformance/traces.js';
import { within } from '../src/conformance/within.js';
import type { ContainerSpec, DriverFactory } from '../src/index.js';
import { commandDriver, innerStarted, writeInner } from '../src/kit/index.js';
import { FAKE_INFO } from './fake-driver.js';
import { changeRoot, leavingDriver } from './leaving-driver.js';

/** Which program's call fails, if one does, and how many it has. */
const fault = vi.hoisted(() => ({
  in: 'none' as 'none' | 'command' | 'inner',
  index: 0,
  counts: { command: 0, inner: 0 },
}));

const broken = (which: 'command' | 'inner', program: Program): Program => {
  fault.counts[which] = countSteps(program);
  return fault.in === which ? injectFault(program, fault.index, 'ENOMEM') : program;
};

vi.mock('../src/kit/command-program.js', async (original) => {
  const module = await original<typeof import('../src/kit/command-program.js')>();
  return {
    ...module,
    commandProgram: (...args: Parameters<typeof module.commandProgram>) =>
      broken('command', module.commandProgram(...args)),
  };
});
vi.mock('../src/kit/inner-program.js', async (original) => {
  const module = await original<typeof import('../src/kit/inner-program.js')>();
  return {
    ...module,
    innerProgram: (...args: Parameters<typeof module.innerProgram>) =>
      broken('inner', module.innerProgram(...args)),
  };
});

const directory = mkdtempSync(join(tmpdir(), 'ns-kit-faults-'));
const root = new BusyboxRoot();
afterAll(() => {
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const stayingDriver: DriverFactory = commandDriver(() => ({
  info: {
    ...FAKE_INFO,
    abilities: {
      ...FAKE_INFO.abilities,
      roots: ['overlay'],
      mounts: ['bind', 'tmpfs'],
      terminal: true,
      user: true,
    },
  },
  prepare(spec, place) {
    const { file } = writeInner(spec.process, place, {
      before: changeRoot(place.root),
      diesWithParent: true,
    });
    const mounts = spec.mounts ?? [];
    return {
      file,
      args: ['inner'],
      env: [],
      root: spec.root,
      mounts,
      unmount: ['/dev/mqueue'],
      life: 'stays',
    };
  },
  async started(_spec, place, command) {
    await innerStarted(place, command);
    return {};
  },
}));

const spec = (terminal: boolean): ContainerSpec => ({
  id: 'c',
  root: { kind: 'overlay', lower: [root.path], tmpfsUpper: true },
  namespaces: { mnt: 'host', pid: 'host', uts: 'host', ipc: 'host', net: 'host', cgroup: 'host' },
  mounts: [{ type: 'tmpfs', target: '/tmp' }],
  process: {
    args: ['true'],
    env: ['PATH=/bin'],
    user: 'app',
    cwd: '/made/here',
    ...(terminal ? { terminal: { rows: 24, columns: 80 } } : {}),
  },
});

/** One container, from create to destroy. @returns Whether it was started. */
async function live(factory: DriverFactory, terminal: boolean): Promise<boolean> {
  const driver = factory({ stateRoot: join(directory, 'state') });
  const container = await driver.create(spec(terminal));
  try {
    await container.start();
    await within(10_000, 'the end of the container', container.wait());
    return true;
  } catch (error) {
    if (!NsError.is(error)) throw error;
    return false;
  } finally {
    await container.destroy();
  }
}

describe('any call can fail', () => {
  test.each<[string, 'command' | 'inner', DriverFactory, boolean]>([
    ['of a command that stays, with a terminal', 'command', stayingDriver, true],
    ['of a command that leaves', 'command', leavingDriver, false],
    ['of the inner program', 'inner', stayingDriver, true],
  ])(
    '%s',
    async (_, which, factory, terminal) => {
      fault.in = 'none';
      expect(await live(factory, terminal)).toBe(true);
      const before = children();
      const descriptors = openDescriptors();
      const started: number[] = [];
      for (fault.index = 0; fault.index < fault.counts[which]; fault.index++) {
        fault.in = which;
        if (await live(factory, terminal)) started.push(fault.index);
        fault.in = 'none';
      }
      await assertNoTraces(directory, before);
      expect(openDescriptors()).toBeLessThanOrEqual(descriptors + 1);
      // Some are tolerated, and some are made only where others fail.
      expect(started.length).toBeGreaterThan(0);
      expect(started.length).toBeLessThan(fault.counts[which] * 0.8);
    },
    240_000,
  );
});
