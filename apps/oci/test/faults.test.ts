// needs: linux, root, busybox
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { openCgroup } from '@ns/cgroups';
import { countSteps, type Image, type Program } from '@ns/syscall';
import { afterAll, describe, expect, test, vi } from 'vitest';

import { planProcessFile } from '../src/config/process.js';
import { createContainer } from '../src/runtime/create.js';
import { deleteContainer } from '../src/runtime/destroy.js';
import { execInContainer } from '../src/runtime/exec.js';
import { collect, endProcess } from '../src/runtime/launch.js';
import { startContainer } from '../src/runtime/start.js';
import { Bench, type Config } from './harness.js';

/** The program that was made last, and which of its calls fails, if one does. */
const fault = vi.hoisted(() => ({
  program: undefined as Program | undefined,
  index: undefined as number | undefined,
}));

vi.mock('@ns/syscall', async (importOriginal) => {
  const real = await importOriginal<typeof import('@ns/syscall')>();
  return {
    ...real,
    compile: (program: Program): Image => {
      fault.program = program;
      const { index } = fault;
      return real.compile(index === undefined ? program : real.injectFault(program, index, 'ENOMEM'));
    },
  };
});

/** All of them take minutes on a busy machine: without `NS_EVERY_FAULT` it is every so many, others each day. */
const STRIDE = process.env['NS_EVERY_FAULT'] === undefined ? 17 : 1;
const TIMEOUT_MS = 1_200_000;
const FIRST = Math.floor(Date.now() / 86_400_000) % STRIDE;

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

const warn = (): void => undefined;

/** A container with everything. */
const everything = (config: Config): void => {
  const hook = { path: '/bin/true' };
  config.hooks = {
    prestart: [hook],
    createContainer: [hook],
    startContainer: [{ path: '/bin/true', timeout: 5 }],
  };
  config.mounts.push(
    { destination: '/bound', type: 'bind', source: '/etc', options: ['rbind', 'ro', 'rslave'] },
    { destination: '/filled', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup'] },
  );
  config.linux.devices = [{ path: '/dev/fifo', type: 'p' }];
  config.linux.sysctl = { 'net.core.somaxconn': '1000' };
  config.linux.rootfsPropagation = 'rslave';
  config.linux.personality = { domain: 'LINUX' };
  config.linux.resources.memory = { limit: 64 * 2 ** 20 };
  config.linux.seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['swapon'], action: 'SCMP_ACT_ERRNO' }],
  };
  config.process.cwd = '/made';
  config.process.scheduler = { policy: 'SCHED_BATCH', nice: 1 };
  config.process.ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 5 };
  config.process.oomScoreAdj = 100;
};

const bundle = bench.bundle('sleep 1000', everything);

const create = (id: string): ReturnType<typeof createContainer> =>
  createContainer({
    root: bench.root,
    id,
    bundle,
    systemdCgroup: false,
    rootless: false,
    noPivot: false,
    noNewKeyring: false,
    preserveFds: 0,
    ownTerminal: false,
    warn,
  });

/** All that this process could have left behind: descriptors, children that have not ended, mounts. */
const held = (): object => ({
  descriptors: readdirSync('/proc/self/fd').length,
  children: childrenIn(/[^Z]/),
  mounts: readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(bundle)),
});

/** Processes that this one is the parent of, by their state: see proc(5). */
const childrenIn = (state: RegExp): number[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const status = readFileSync(`/proc/${name}/status`, 'latin1');
      const [, letter = '', parent] = /^State:\t(.)[^]*^PPid:\t(\d+)$/m.exec(status) ?? [];
      return Number(parent) === process.pid && state.test(letter) ? [Number(name)] : [];
    } catch {
      // It has ended.
      return [];
    }
  });

/** A process whose number was not told is its caller's, when the runtime ends: that is who we are. */
function collectOrphans(): void {
  for (const pid of childrenIn(/Z/)) collect(pid);
}

const cgroupsLeft = (): boolean =>
  openCgroup('/').layout.hierarchies.some(({ mountPoint }) =>
    existsSync(join(mountPoint, bench.cgroup, 'bundle-1')),
  );

/** Those that fail in this run. */
const indices = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => index).filter((index) => index % STRIDE === FIRST);

describe('of a program one system call fails', () => {
  test('that creates a container: nothing is left, whichever it is', { timeout: TIMEOUT_MS }, async () => {
    const whole = await create('whole');
    const count = countSteps(fault.program!);
    expect(count).toBeGreaterThan(150);
    await startContainer(bench.root, 'whole', { warn });
    await remove('whole', whole.pid);
    const before = held();
    const outcomes = { created: 0, started: 0, failed: 0 };
    for (const index of indices(count)) {
      fault.index = index;
      const outcome = await attempt(`f${index}`);
      outcomes[outcome] += 1;
      collectOrphans();
      expect(readdirSync(bench.root), `state after a failure of call ${index}`).toEqual([]);
      expect(cgroupsLeft(), `cgroups after a failure of call ${index}`).toBe(false);
    }
    fault.index = undefined;
    expect(held()).toEqual(before);
    // Most are needed; the others are what an older kernel lacks.
    expect(outcomes.failed).toBeGreaterThan(outcomes.started);
    await remove('after', (await create('after')).pid);
  });

  test(
    'that runs another program: it is not there, and the container goes on',
    { timeout: TIMEOUT_MS },
    async () => {
      const container = await create('host');
      await startContainer(bench.root, 'host', { warn });
      const process = planProcessFile(
        { args: ['true'], cwd: '/', env: ['PATH=/bin'], execCPUAffinity: { initial: '0', final: '0' } },
        { seccomp: undefined, warn },
      );
      const run = (): ReturnType<typeof execInContainer> =>
        execInContainer({
          root: bench.root,
          id: 'host',
          process,
          preserveFds: 0,
          cgroups: new Map(),
          detach: false,
          ignorePaused: false,
          warn,
        });
      collect((await run()).pid);
      const count = countSteps(fault.program!);
      expect(count).toBeGreaterThan(30);
      const before = held();
      for (const index of indices(count)) {
        fault.index = index;
        const ran = await run().catch((error: unknown) => String(error));
        if (typeof ran !== 'string') collect(ran.pid);
        collectOrphans();
      }
      fault.index = undefined;
      expect(held()).toEqual(before);
      expect(openCgroup(`${bench.cgroup}/bundle-1`).processes()).toEqual([container.pid]);
      await remove('host', container.pid);
    },
  );
});

/** Create, start and delete. */
async function attempt(id: string): Promise<'created' | 'started' | 'failed'> {
  let pid: number;
  try {
    ({ pid } = await create(id));
  } catch {
    return 'failed';
  }
  try {
    await startContainer(bench.root, id, { warn });
    await remove(id, pid);
    return 'started';
  } catch {
    await remove(id, pid);
    return 'created';
  }
}

/** The first process is a child of ours, and has to be collected. */
async function remove(id: string, pid: number): Promise<void> {
  endProcess(pid);
  await deleteContainer(bench.root, id, { force: true, warn });
}
