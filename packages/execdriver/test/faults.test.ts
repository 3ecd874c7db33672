// needs: linux, root, busybox
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureBridge, listLinks, openRtnetlink } from '@ns/netfw';
import { CLONE, countSteps, injectFault, syscall, type Program } from '@ns/syscall';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { assertNoTraces, children, openDescriptors } from '../src/conformance/traces.js';
import { within } from '../src/conformance/within.js';
import { nativeDriver, type ContainerSpec } from '../src/index.js';
import { BusyboxRoot } from './busybox-root.js';

/** The program that was made last, and which of its calls fails, if one does. */
const fault = vi.hoisted(() => ({
  program: undefined as Program | undefined,
  index: undefined as number | undefined,
}));

vi.mock('../src/native/compiled.js', async () => {
  const { compile } = await import('@ns/syscall');
  return {
    compiled: (_: unknown, make: () => Program) => {
      fault.program = make();
      const { index, program } = fault;
      return compile(index === undefined ? program : injectFault(program, index, 'ENOMEM'));
    },
  };
});

const directory = mkdtempSync(join(tmpdir(), 'ns-faults-'));
const stateRoot = join(directory, 'state');
const driver = nativeDriver({ stateRoot });
const root = new BusyboxRoot();
const parent = `/ns-faults-${process.pid}`;
let bridge: number;

beforeAll(() => {
  for (const name of ['upper', 'work', 'bound']) mkdirSync(join(directory, name));
  syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
  using socket = openRtnetlink();
  bridge = ensureBridge(socket, 'ns0', { addresses: ['10.9.0.1/24'] }).index;
});
afterAll(async () => {
  const { openCgroup } = await import('@ns/cgroups');
  await openCgroup(parent).remove();
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

/** A container with everything: limits, a network, mounts, an overlay, a filter. */
const spec = (id: string): ContainerSpec => ({
  id,
  root: {
    kind: 'overlay',
    lower: [root.path],
    upper: join(directory, 'upper'),
    work: join(directory, 'work'),
  },
  hostname: 'fault',
  process: { args: ['true'], env: ['PATH=/bin'], cwd: '/made', stdio: ['null', 'null', 'null'] },
  mounts: [
    { type: 'bind', source: join(directory, 'bound'), target: '/bound' },
    { type: 'tmpfs', target: '/scratch' },
  ],
  sysctls: { 'net.core.somaxconn': '1000' },
  cgroup: `${parent}/${id}`,
  resources: { memory: { limitBytes: 64 * 2 ** 20 }, pids: { limit: 10 } },
  network: {
    interfaces: [
      { name: 'eth0', link: { kind: 'veth', hostName: `v-${id}`, bridge }, addresses: ['10.9.0.2/24'] },
    ],
    gateways: ['10.9.0.1'],
  },
});

/** Run a container to its end. @returns Its exit code, or why it did not start. */
async function run(id: string): Promise<number | Error> {
  const container = await driver.create(spec(id));
  try {
    await container.start();
    return (await container.wait()).code;
  } catch (error) {
    return error as Error;
  } finally {
    await container.destroy();
  }
}

/** Links of containers: the kernel takes a namespace apart when it has the time. */
async function assertNoLinks(): Promise<void> {
  for (let tries = 0; ; tries++) {
    using socket = openRtnetlink();
    const left = listLinks(socket).filter(({ name }) => name.startsWith('v-'));
    if (left.length === 0) return;
    if (tries === 500) throw new Error(`links are left: ${left.map(({ name }) => name).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Of every hierarchy: of version 2 that is the directory itself. */
const cgroupsLeft = (): string[] =>
  ['', ...readdirSync('/sys/fs/cgroup')].flatMap((hierarchy) => {
    const path = join('/sys/fs/cgroup', hierarchy, parent);
    if (!existsSync(path)) return [];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(path, name));
  });

describe('a start of which one system call fails', () => {
  test('leaves nothing, whichever it is', { timeout: 240_000 }, async () => {
    expect(await run('whole')).toBe(0);
    const count = countSteps(fault.program!);
    expect(count).toBeGreaterThan(300);
    const before = children();
    const descriptors = openDescriptors();
    const outcomes = { ran: 0, failed: 0 };
    for (let index = 0; index < count; index++) {
      fault.index = index;
      const outcome = await within(10_000, `call ${index} fails`, run(`f${index}`));
      outcomes[outcome instanceof Error ? 'failed' : 'ran'] += 1;
      expect(readdirSync(stateRoot), `state after a failure of call ${index}`).toEqual([]);
      expect(cgroupsLeft(), `cgroups after a failure of call ${index}`).toEqual([]);
    }
    fault.index = undefined;
    await assertNoLinks();
    await assertNoTraces(directory, before);
    expect(openDescriptors()).toBe(descriptors);
    // Most are needed; those that are not are what an older kernel lacks, and what only matters at the end.
    expect(outcomes.failed).toBeGreaterThan(outcomes.ran);
    expect(await run('after')).toBe(0);
  });
});
