// needs: linux, root, busybox, unshare
/** What others learnt from their users, where no other test shows it: see docs/known-bugs.md. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NsError } from '@ns/errors';
import { nativeDriver, type Container, type ContainerSpec } from '@ns/execdriver';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { BusyboxRoot } from './busybox-root.js';

const ENV = ['PATH=/bin'];
const SILENT = ['null', 'null', 'null'] as const;

let root: BusyboxRoot;
let directory = '';
let containers: Container[] = [];

beforeEach(() => {
  root = new BusyboxRoot();
  directory = mkdtempSync(join(tmpdir(), 'ns-known-'));
});

afterEach(async () => {
  for (const container of containers) await container.destroy();
  containers = [];
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

async function start(change: Partial<ContainerSpec> = {}): Promise<Container> {
  const container = await nativeDriver({ stateRoot: join(directory, 'state') }).create({
    id: `c${containers.length}`,
    root: { kind: 'directory', path: root.path },
    process: { args: ['sleep', '100'], env: ENV, stdio: SILENT },
    ...change,
  });
  containers.push(container);
  await container.start();
  return container;
}

const refusal = async (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'nothing was refused',
    (error: unknown) => (NsError.is(error) ? `${error.message}; ${error.hint}` : error),
  );

test('a limit that leaves no memory for the start is said to be the reason (moby#41167)', async () => {
  const memory = { limitBytes: 512 * 1024, memorySwapBytes: 512 * 1024 };
  // Less than the kernel takes, more than there is memory for.
  const args = ['true', ...Array.from({ length: 9 }, () => 'x'.repeat(100_000))];
  const long = { args, env: ENV, stdio: SILENT };
  const reason =
    'the container’s memory, 524288 bytes, ran out before the program ran; raise its memory limit';
  expect(await refusal(start({ resources: { memory }, process: long }))).toBe(`start: ${reason}`);
  // What the kernel does not take is another matter.
  const longest = { ...long, args: [...args, ...args, ...args] };
  expect(await refusal(start({ process: longest }))).toContain('E2BIG');
});

test('the monitor of a container weighs next to nothing (moby#21737)', async () => {
  const { pid } = await start();
  const monitor = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[1];
  const [, kib] = /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${monitor}/smaps_rollup`, 'latin1')) ?? [];
  expect(Number(kib)).toBeGreaterThan(0);
  expect(Number(kib)).toBeLessThan(100);
});

test('containers change nothing in the mount table of the host, however many there are (moby#38077)', async () => {
  const before = readFileSync('/proc/self/mountinfo', 'latin1');
  const mounts = [{ type: 'bind', source: directory, target: '/mnt', readonly: true }] as const;
  for (let round = 0; round < 4; round++) {
    const upper = join(directory, `upper${round}`);
    const work = join(directory, `work${round}`);
    mkdirSync(upper);
    mkdirSync(work);
    await start({ root: { kind: 'overlay', lower: [root.path], upper, work }, mounts });
  }
  expect(readFileSync('/proc/self/mountinfo', 'latin1')).toBe(before);
});

test('what a container has mounted can be removed after it, whoever has copied the host’s mounts (moby#22260)', async () => {
  const upper = join(directory, 'upper');
  mkdirSync(upper);
  mkdirSync(join(directory, 'work'));
  const layers = { lower: [root.path], upper, work: join(directory, 'work') };
  const mounts = [{ type: 'bind', source: upper, target: '/mnt' }] as const;
  const container = await start({ root: { kind: 'overlay', ...layers }, mounts });
  const other = spawn('unshare', ['--mount', 'sh', '-c', 'echo in; exec sleep 100'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(other.stdout, 'data');
    await container.destroy();
    rmSync(upper, { recursive: true });
    rmSync(layers.work, { recursive: true });
    expect(readFileSync(`/proc/${other.pid}/mountinfo`, 'latin1')).not.toContain(directory);
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
});

test('a pause among programs that enter and limits that change holds all of them, and nobody for good (runc#2753)', async () => {
  const container = await start();
  const program = { args: ['true'], env: ENV, stdio: SILENT };
  let refused = 0;
  for (let round = 0; round < 10; round++) {
    const entering = [1, 2, 3].map(() => container.exec(program));
    const pausing = container.pause();
    await container.update({ pids: { limit: 100 + round } });
    await pausing;
    await container.update({ memory: { limitBytes: (64 + round) * 1024 * 1024 } });
    expect(container.status).toBe('paused');
    const late = await refusal(container.exec(program));
    if (String(late).startsWith('exec: container c0 is paused')) refused += 1;
    await container.resume();
    for (const entered of entering) expect((await (await entered).wait()).code).toBe(0);
  }
  expect(refused).toBe(10);
});
