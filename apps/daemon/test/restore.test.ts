import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Harness, harness, run, shell, split, until } from './harness.js';

let h: Harness;
beforeEach(async () => {
  h = await harness();
});
afterEach(() => h[Symbol.asyncDispose]());

const recordPath = (id: string): string => join(h.directory, 'data/containers', id, 'config.json');

function rewrite(id: string, state: object): void {
  const record = JSON.parse(readFileSync(recordPath(id), 'utf8'));
  writeFileSync(recordPath(id), JSON.stringify({ ...record, state: { ...record.state, ...state } }));
}

describe('a daemon that starts', () => {
  it('knows the containers of the one before', async () => {
    const { Id } = await h.client.containerCreate(shell('true'), { name: 'kept' });
    const { id: ended } = await run(h.client, shell('exit 4'));
    await h.restart();
    expect((await h.client.containerInspect('kept')).Id).toBe(Id);
    expect((await h.client.containerInspect(ended)).State).toMatchObject({ Status: 'exited', ExitCode: 4 });
    await expect(h.client.containerCreate(shell('true'), { name: 'kept' })).rejects.toMatchObject({
      status: 409,
    });
  });

  it('adopts what runs, and hears of its end', async () => {
    const { Id } = await h.client.containerCreate(shell('read -r go; exit 5', { OpenStdin: true }));
    await h.client.containerStart(Id);
    const { State: before } = await h.client.containerInspect(Id);
    await h.restart();
    const { State } = await h.client.containerInspect(Id);
    expect(State).toMatchObject({ Status: 'running', Pid: before.Pid, StartedAt: before.StartedAt });
    const { stream } = await h.client.containerAttach(Id, { stream: true, stdin: true, stdout: true });
    stream.write('go\n');
    expect((await h.client.containerWait(Id)).StatusCode).toBe(5);
  });

  it('finishes what ended meanwhile, with its exit code', async () => {
    const { Id } = await h.client.containerCreate(shell('sleep 0.3; exit 6'));
    await h.client.containerStart(Id);
    await h.close();
    await until('it has ended', () => h.driver.containers.get(Id)?.status === 'stopped');
    await h.restart();
    expect((await h.client.containerWait(Id)).StatusCode).toBe(6);
    expect(h.driver.containers.has(Id)).toBe(false);
  });

  it('removes what should have been removed when it ended', async () => {
    const { Id } = await h.client.containerCreate(shell('sleep 0.3', { HostConfig: { AutoRemove: true } }));
    await h.client.containerStart(Id);
    await h.close();
    await until('it has ended', () => h.driver.containers.get(Id)?.status === 'stopped');
    await h.restart();
    await until('it is gone', async () => (await h.client.containerList({ all: true })).length === 0);
    expect(existsSync(recordPath(Id))).toBe(false);
  });

  it('removes what ended a moment before its predecessor, which had no time to do it', async () => {
    const { id } = await run(h.client, shell('true'));
    await h.close();
    const record = JSON.parse(readFileSync(recordPath(id), 'utf8'));
    writeFileSync(
      recordPath(id),
      JSON.stringify({ ...record, hostConfig: { ...record.hostConfig, AutoRemove: true } }),
    );
    await h.restart();
    expect(existsSync(recordPath(id))).toBe(false);
  });

  it('says 255 of what vanished without a trace, as after a reboot', async () => {
    const { id } = await run(h.client, shell('true'));
    await h.close();
    rewrite(id, { status: 'running', pid: 999_999 });
    await h.restart();
    expect((await h.client.containerInspect(id)).State).toMatchObject({
      Status: 'exited',
      ExitCode: 255,
      Pid: 0,
    });
  });

  it('takes up a start of which its predecessor only left the mark', async () => {
    const { Id } = await h.client.containerCreate(shell('sleep 0.3; exit 3'));
    await h.client.containerStart(Id);
    await h.close();
    rewrite(Id, { status: 'created', pid: 0 });
    writeFileSync(join(h.directory, 'exec/starting', Id), '');
    await h.restart();
    expect((await h.client.containerWait(Id, 'not-running')).StatusCode).toBe(3);
    expect(existsSync(join(h.directory, 'exec/starting', Id))).toBe(false);
  });

  it('removes what belongs to nothing: half-made containers, and state of the driver', async () => {
    const orphan = 'c'.repeat(64);
    await h.close();
    mkdirSync(join(h.directory, 'data/containers', orphan, 'upper'), { recursive: true });
    await h.driver.create({
      id: 'stray',
      root: { kind: 'directory', path: '/' },
      process: { args: ['true'], env: [] },
    });
    await h.restart();
    expect(existsSync(join(h.directory, 'data/containers', orphan))).toBe(false);
    expect(await h.driver.list()).toEqual([]);
  });

  it('goes on with a removal that was cut short', async () => {
    const { id } = await run(h.client, shell('true'));
    await h.close();
    rewrite(id, { status: 'removing' });
    await h.restart();
    expect(existsSync(recordPath(id))).toBe(false);
  });

  it('leaves out a record that cannot be read, and says so', async () => {
    const { id } = await run(h.client, shell('true'));
    await h.close();
    writeFileSync(recordPath(id), '{ torn');
    await h.restart();
    expect(await h.client.containerList({ all: true })).toEqual([]);
    expect(existsSync(recordPath(id))).toBe(true);
    expect(h.log.some((line) => line.includes(`${id}/config.json: not JSON`))).toBe(true);
  });

  it.each([
    ['always', true],
    ['unless-stopped', false],
  ] as const)('starts what a user had stopped: %s %s', async (name, starts) => {
    const { Id } = await h.client.containerCreate(
      shell('exec sleep 60', { HostConfig: { RestartPolicy: { Name: name } } }),
    );
    await h.client.containerStart(Id);
    await h.client.containerStop(Id);
    await h.restart();
    if (starts) await until('it runs', async () => (await h.client.containerInspect(Id)).State.Running);
    expect((await h.client.containerInspect(Id)).State.Running).toBe(starts);
  });

  it('goes on with the log', async () => {
    const { id } = await run(h.client, shell('echo again'));
    await h.restart();
    const { exit } = await h.client.containerBeginWait(id, 'next-exit');
    await h.client.containerStart(id);
    await exit;
    const logs = await h.client.containerLogs(id, { stdout: true });
    expect((await split(logs.stream)).stdout).toBe('again\nagain\n');
  });
});
