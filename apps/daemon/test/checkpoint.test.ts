/** What the API and the engine have to do with checkpoints; the driver is a fake. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { FakeContainer } from './fake-driver.js';
import { type Harness, harness, shell } from './harness.js';

let h: Harness;
const directory = mkdtempSync(join(tmpdir(), 'ns-checkpoints-'));
beforeAll(async () => {
  h = await harness();
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const started = async (HostConfig: object = {}): Promise<string> => {
  const { Id } = await h.client.containerCreate(shell('while :; do sleep 0.05; done', { HostConfig }));
  await h.client.containerStart(Id);
  return Id;
};
const statusOf = async (id: string): Promise<string> => (await h.client.containerInspect(id)).State.Status;
const remove = (id: string): Promise<void> => h.client.containerRemove(id, { force: true });

describe('a checkpoint', () => {
  it('ends the container, is listed, is where it goes on from, and is removed', async () => {
    // It must not be started again by its policy.
    const id = await started({ RestartPolicy: { Name: 'always' } });
    await h.client.checkpointCreate(id, { CheckpointID: 'first', Exit: true });
    expect(await statusOf(id)).toBe('exited');
    expect(await h.client.checkpointList(id)).toEqual([{ Name: 'first' }]);
    await h.client.containerStart(id, { checkpoint: 'first' });
    expect(await statusOf(id)).toBe('running');
    const { restoredFrom } = h.driver.containers.get(id) as FakeContainer;
    expect(restoredFrom).toBe(join(h.directory, 'data/containers', id, 'checkpoints/first'));
    await h.client.checkpointDelete(id, 'first');
    expect(await h.client.checkpointList(id)).toEqual([]);
    expect(existsSync(restoredFrom!)).toBe(false);
    await remove(id);
  });

  it('can be elsewhere, and leave the container running', async () => {
    const id = await started();
    await h.client.checkpointCreate(id, { CheckpointID: 'a', CheckpointDir: directory });
    expect(await statusOf(id)).toBe('running');
    expect(existsSync(join(directory, 'a'))).toBe(true);
    expect(await h.client.checkpointList(id)).toEqual([]);
    expect(await h.client.checkpointList(id, directory)).toEqual([{ Name: 'a' }]);
    await remove(id);
  });

  it.each(['', '..', '../x', 'a/b', '.hidden', 'x'.repeat(129)])(
    'of the name %j is refused',
    async (name) => {
      const id = await started();
      await expect(h.client.checkpointCreate(id, { CheckpointID: name })).rejects.toMatchObject({
        status: 400,
      });
      await remove(id);
    },
  );

  it('is refused of a container that does not run, and without a name', async () => {
    const { Id } = await h.client.containerCreate(shell('true'));
    await expect(h.client.checkpointCreate(Id, { CheckpointID: 'x' })).rejects.toMatchObject({ status: 409 });
    await expect(h.client.checkpointCreate(Id, {} as never)).rejects.toMatchObject({ status: 400 });
    const relative = { CheckpointID: 'x', CheckpointDir: 'relative' };
    await expect(h.client.checkpointCreate(Id, relative)).rejects.toMatchObject({ status: 400 });
    await expect(h.client.checkpointDelete(Id, 'none')).rejects.toMatchObject({ status: 404 });
    await expect(h.client.containerStart(Id, { checkpoint: 'none' })).rejects.toMatchObject({ status: 404 });
    await expect(h.client.containerStart(Id, { checkpoint: '../x' })).rejects.toMatchObject({ status: 400 });
    await remove(Id);
  });
});
