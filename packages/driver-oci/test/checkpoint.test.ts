// needs: linux, root, busybox, runc, crun, criu
/** With a kernel that criu can work with it is done, with another one it is refused. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Container, ContainerSpec } from '@ns/execdriver';
import { needs } from '@ns/testing';
import { afterAll, describe, expect, test } from 'vitest';

import { Bench, LINUX } from './bench.js';

const bench = new Bench();
afterAll(() => bench[Symbol.dispose]());

const [[, RUNC]] = LINUX as readonly [(typeof LINUX)[number]];
const driver = bench.driver(RUNC);
const canCheckpoint = spawnSync('criu', ['check'], { stdio: 'ignore' }).status === 0;

const WORKING_CRIU = needs({
  name: 'a kernel that criu can work with',
  missing: () => (canCheckpoint ? undefined : 'criu cannot work with this kernel'),
});

const BROKEN_CRIU = needs({
  name: 'a kernel that criu cannot work with',
  missing: () => (canCheckpoint ? 'criu can work with this kernel' : undefined),
});

/** A shell's variable is in its memory and nowhere else. */
const COUNT = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done';

let count = 0;
const target = (): string => join(bench.directory, `checkpoint-${++count}`);

/** Runs a container until it has counted to three. */
async function counting(spec: ContainerSpec): Promise<Container> {
  const container = await driver.create(spec);
  await container.start();
  await countedTo(container, 3);
  return container;
}

/** Everything a container has written, once it has counted that far. */
async function countedTo(container: Container, number: number): Promise<number[]> {
  let text = '';
  for await (const chunk of container.streams!.stdout!) {
    text += String(chunk);
    const numbers = text.split('\n').slice(0, -1).map(Number);
    if (numbers.some((each) => each >= number)) return numbers;
  }
  throw new Error(`it ended after ${JSON.stringify(text)}`);
}

describe('a checkpoint', () => {
  test('is declared', () => expect(driver.info.abilities.checkpoint).toBe(true));

  test('is refused with what criu says', BROKEN_CRIU, async () => {
    const container = await counting(bench.spec(COUNT));
    const directory = target();
    await expect(container.checkpoint!({ directory })).rejects.toMatchObject({
      code: 'ERR_NS_UNSUPPORTED',
      message: expect.stringMatching(/^checkpoint: criu cannot work with this kernel: \S/),
      hint: expect.stringContaining('criu check'),
    });
    expect(existsSync(directory)).toBe(false);
    expect(container.status).toBe('running');
    await container.destroy();
  });

  test('is where a container goes on from, with its memory', WORKING_CRIU, async () => {
    const spec = bench.spec(COUNT, { id: 'counting' });
    const container = await counting(spec);
    const directory = target();
    await container.checkpoint!({ directory });
    expect((await container.wait()).code).toBe(137);
    await container.destroy();

    const again = await driver.create(spec);
    await again.restore!(directory);
    expect(again.status).toBe('running');
    const numbers = await countedTo(again, 6);
    expect(numbers[0]).toBeGreaterThan(2);
    expect(await again.processes()).toContain(again.pid);
    await again.destroy();
    expect(await driver.list()).toEqual([]);
  });

  test('can leave the container running', WORKING_CRIU, async () => {
    const container = await counting(bench.spec(COUNT));
    await container.checkpoint!({ directory: target(), leaveRunning: true });
    expect(container.status).toBe('running');
    await container.destroy();
  });

  test('is not written over what exists', async () => {
    const container = await driver.create(bench.spec('sleep 100'));
    await container.start();
    const directory = target();
    mkdirSync(directory);
    await expect(container.checkpoint!({ directory })).rejects.toMatchObject({ code: 'ERR_NS_CONFLICT' });
    expect(existsSync(directory)).toBe(true);
    const nowhere = join(directory, 'none/none');
    await expect(container.checkpoint!({ directory: nowhere })).rejects.toMatchObject({
      code: 'ERR_NS_NOT_FOUND',
    });
    await container.destroy();
  });

  test('is that of a container that runs', async () => {
    const container = await driver.create(bench.spec('true'));
    await expect(container.checkpoint!({ directory: target() })).rejects.toMatchObject({
      code: 'ERR_NS_NOT_RUNNING',
    });
    const code = canCheckpoint ? 'ERR_NS_NOT_FOUND' : 'ERR_NS_UNSUPPORTED';
    await expect(container.restore!(bench.directory)).rejects.toMatchObject({ code });
    expect(container.status).toBe('stopped');
    await container.destroy();
  });

  test('of a driver without checkpoints is refused', async () => {
    const crun = bench.driver(LINUX[1]![1]);
    const container = await crun.create(bench.spec('sleep 100'));
    await expect(container.restore!(bench.directory)).rejects.toMatchObject({ code: 'ERR_NS_UNSUPPORTED' });
    expect(container.status).toBe('created');
    await container.start();
    await expect(container.checkpoint!({ directory: target() })).rejects.toMatchObject({
      code: 'ERR_NS_UNSUPPORTED',
    });
    await container.destroy();
  });
});
