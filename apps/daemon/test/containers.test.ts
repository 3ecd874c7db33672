import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Harness, harness, run, shell, split, until } from './harness.js';

let h: Harness;
beforeAll(async () => {
  h = await harness();
});
afterAll(() => h[Symbol.asyncDispose]());

const status = (code: number): object => expect.objectContaining({ status: code });

describe('create', () => {
  it('writes the container down and answers with its id', async () => {
    const { Id, Warnings } = await h.client.containerCreate(shell('exit 3'), { name: 'written' });
    expect(Id).toMatch(/^[0-9a-f]{64}$/);
    expect(Warnings).toEqual([]);
    const record = JSON.parse(readFileSync(join(h.directory, 'data/containers', Id, 'config.json'), 'utf8'));
    expect(record).toMatchObject({
      name: 'written',
      command: ['/bin/sh', '-c', 'exit 3'],
      state: { status: 'created' },
    });
    expect(await h.client.containerInspect('written')).toMatchObject({
      Id,
      Path: '/bin/sh',
      Args: ['-c', 'exit 3'],
      Name: '/written',
      State: { Status: 'created', Running: false, ExitCode: 0, StartedAt: '0001-01-01T00:00:00Z' },
      Config: { Hostname: Id.slice(0, 12), Env: ['PATH=/usr/bin:/bin'] },
      Mounts: [{ Type: 'volume', Destination: '/data' }],
    });
  });

  it('refuses a name that is taken, in Docker words', async () => {
    const { Id } = await h.client.containerCreate(shell('true'), { name: 'taken' });
    await expect(h.client.containerCreate(shell('true'), { name: 'taken' })).rejects.toMatchObject({
      status: 409,
      engineMessage: expect.stringContaining(
        `The container name "/taken" is already in use by container "${Id}"`,
      ),
      nsCode: 'ERR_NS_CONFLICT',
    });
  });

  it.each([
    [{ Image: 'nope', Cmd: ['x'] }, 404, 'No such image: nope'],
    [{ Cmd: ['x'] }, 400, 'no image specified'],
    [shell('true', { Env: ['=x'] }), 400, 'invalid environment variable'],
    [shell('true', { WorkingDir: 'here' }), 400, 'it needs to be an absolute path'],
    [shell('true', { StopSignal: 'NOPE' }), 400, 'invalid signal: NOPE'],
    [shell('true', { HostConfig: { Binds: ['/a:/'] } }), 400, "destination can't be '/'"],
    [
      shell('true', { HostConfig: { Mounts: [{ Type: 'bind', Source: '/no/such', Target: '/b' }] } }),
      400,
      'bind source path does not exist: /no/such',
    ],
    [shell('true', { HostConfig: { NetworkMode: 'blue' } }), 400, 'network blue not found'],
    [shell('true', { HostConfig: { NetworkMode: 'container:nobody' } }), 404, 'No such container: nobody'],
    [shell('true', { HostConfig: { Memory: -5 } }), 400, 'HostConfig.Memory'],
    [shell('true', { HostConfig: { CapAdd: ['FLY'] } }), 400, 'FLY'],
    [shell('true', { HostConfig: { SecurityOpt: ['magic'] } }), 400, "invalid --security-opt: 'magic'"],
    [shell('true', { HostConfig: { LogConfig: { Type: 'syslog' } } }), 400, "no log driver named 'syslog'"],
    [shell('true', { HostConfig: { ExtraHosts: ['a:b'] } }), 400, "bad format for add-host: 'a:b'"],
    [shell('true', { HostConfig: { Ulimits: [{ Name: 'wings', Soft: 1, Hard: 1 }] } }), 400, 'wings'],
    [
      shell('true', { HostConfig: { AutoRemove: true, RestartPolicy: { Name: 'always' } } }),
      400,
      "can't set 'AutoRemove'",
    ],
    [{ Cmd: ['x'], HostConfig: { NsRootfs: '/no/such' } }, 400, '/no/such does not exist'],
    [{ Cmd: ['x'], HostConfig: { NsRootfs: '/etc/passwd' } }, 400, '/etc/passwd is not a directory'],
    [{ Cmd: ['x'], HostConfig: { NsRootfs: 'etc' } }, 400, "'etc' is not an absolute path"],
    [{ Image: 'busybox', Cmd: ['x'], HostConfig: { NsRootfs: '/' } }, 400, 'exclude each other'],
  ])('refuses %j before anything is made', async (request, code, message) => {
    const before = readdirSync(join(h.directory, 'data/containers'));
    const answer = h.client.containerCreate(request);
    await expect(answer).rejects.toMatchObject({
      status: code,
      engineMessage: expect.stringContaining(message),
    });
    expect(readdirSync(join(h.directory, 'data/containers'))).toEqual(before);
  });
});

describe('the life of a container', () => {
  it('gives the exit code, and the state of the run', async () => {
    const { id, code } = await run(h.client, shell('exit 7'));
    expect(code).toBe(7);
    const { State } = await h.client.containerInspect(id);
    expect(State).toMatchObject({ Status: 'exited', ExitCode: 7, Pid: 0, Running: false });
    expect(Date.parse(State.FinishedAt)).toBeGreaterThanOrEqual(Date.parse(State.StartedAt) - 1);
    expect(h.driver.containers.has(id)).toBe(false);
  });

  it('can be started again, and its log goes on', async () => {
    const { id } = await run(h.client, shell('echo once more'));
    const { exit } = await h.client.containerBeginWait(id, 'next-exit');
    await h.client.containerStart(id);
    await exit;
    const logs = await h.client.containerLogs(id, { stdout: true });
    expect((await split(logs.stream)).stdout).toBe('once more\nonce more\n');
  });

  it('answers 304 for a start of what runs and a stop of what does not', async () => {
    const { Id } = await h.client.containerCreate(shell('exec sleep 60'));
    const raw = (path: string): Promise<number> =>
      fetchStatus(h.socket, 'POST', `/v1.41/containers/${Id}${path}`);
    expect(await raw('/start')).toBe(204);
    expect(await raw('/start')).toBe(304);
    expect(await raw('/stop?t=1')).toBe(204);
    expect(await raw('/stop')).toBe(304);
    expect((await h.client.containerInspect(Id)).State.ExitCode).toBe(143);
  });

  it('is killed when its stop signal is not heard', async () => {
    const { Id } = await h.client.containerCreate(
      shell('trap "" TERM; echo ready; while :; do sleep 0.05; done'),
    );
    await h.client.containerStart(Id);
    await until('the trap is set', async () => {
      const logs = await h.client.containerLogs(Id, { stdout: true });
      return (await split(logs.stream)).stdout === 'ready\n';
    });
    await h.client.containerStop(Id, { t: 0 });
    expect((await h.client.containerInspect(Id)).State.ExitCode).toBe(137);
  });

  it('can be killed while it is being stopped', async () => {
    const { Id } = await h.client.containerCreate(
      shell('trap "" TERM; echo ready; while :; do sleep 0.05; done'),
    );
    await h.client.containerStart(Id);
    await until('the trap is set', async () => {
      const logs = await h.client.containerLogs(Id, { stdout: true });
      return (await split(logs.stream)).stdout === 'ready\n';
    });
    const stopping = h.client.containerStop(Id, { t: 60 });
    await h.client.containerKill(Id);
    await stopping;
    expect((await h.client.containerInspect(Id)).State.ExitCode).toBe(137);
  });

  it('refuses signals when it does not run', async () => {
    const { id } = await run(h.client, shell('true'));
    await expect(h.client.containerKill(id)).rejects.toMatchObject({
      status: 409,
      engineMessage: `cannot kill container: ${id}: container ${id} is not running`,
    });
  });

  it('is removed with everything of it', async () => {
    const { id } = await run(h.client, shell('true'));
    const { Mounts } = await h.client.containerInspect(id);
    expect(existsSync(Mounts[0]!.Source)).toBe(true);
    await h.client.containerRemove(id, { v: true });
    expect(existsSync(join(h.directory, 'data/containers', id))).toBe(false);
    expect(existsSync(Mounts[0]!.Source)).toBe(false);
    await expect(h.client.containerInspect(id)).rejects.toMatchObject({
      status: 404,
      engineMessage: `No such container: ${id}`,
    });
  });

  it('is removed while it runs only by force', async () => {
    const { Id } = await h.client.containerCreate(shell('exec sleep 60'), { name: 'busy' });
    await h.client.containerStart(Id);
    await expect(h.client.containerRemove(Id)).rejects.toMatchObject({
      status: 409,
      engineMessage: expect.stringContaining('cannot remove container "/busy": container is running'),
    });
    const removed = h.client.containerWait(Id, 'removed');
    await h.client.containerRemove(Id, { force: true });
    expect((await removed).StatusCode).toBe(137);
  });

  it('removes itself when it was told to', async () => {
    const { Id } = await h.client.containerCreate(shell('exit 5', { HostConfig: { AutoRemove: true } }));
    const { exit } = await h.client.containerBeginWait(Id, 'removed');
    await h.client.containerStart(Id);
    expect((await exit).StatusCode).toBe(5);
    await expect(h.client.containerInspect(Id)).rejects.toThrow(status(404));
  });

  it('gets another name', async () => {
    const { Id } = await h.client.containerCreate(shell('true'), { name: 'before' });
    await h.client.containerRename('before', 'after');
    expect((await h.client.containerInspect('after')).Id).toBe(Id);
    await expect(h.client.containerInspect('before')).rejects.toMatchObject({ status: 404 });
    await h.client.containerCreate(shell('true'), { name: 'before' });
    await expect(h.client.containerRename('after', 'before')).rejects.toMatchObject({ status: 409 });
  });

  it('is found by the beginning of its id, if only one begins so', async () => {
    const { Id } = await h.client.containerCreate(shell('true'));
    expect((await h.client.containerInspect(Id.slice(0, 10))).Id).toBe(Id);
    await expect(h.client.containerInspect(`${Id}0`)).rejects.toMatchObject({ status: 404 });
  });
});

describe('a start that fails', () => {
  it.each([
    ['/no/such/program', 127, 'stat /no/such/program: no such file or directory'],
    ['no-such-program', 127, 'executable file not found in $PATH'],
    ['/etc/passwd', 126, 'permission denied'],
  ])('%s: exit code %d', async (program, code, words) => {
    const { Id } = await h.client.containerCreate({ Image: 'busybox', Cmd: [program] });
    await expect(h.client.containerStart(Id)).rejects.toMatchObject({
      status: 400,
      engineMessage: expect.stringContaining(words),
    });
    const { State } = await h.client.containerInspect(Id);
    expect(State).toMatchObject({ Status: 'created', ExitCode: code, Running: false });
    expect(State.Error).toContain(words);
    expect(h.driver.containers.has(Id)).toBe(false);
  });

  it('takes a container along that removes itself', async () => {
    const { Id } = await h.client.containerCreate({
      Image: 'busybox',
      Cmd: ['/no/such'],
      HostConfig: { AutoRemove: true },
    });
    const { exit } = await h.client.containerBeginWait(Id, 'removed');
    await expect(h.client.containerStart(Id)).rejects.toMatchObject({ status: 400 });
    expect((await exit).StatusCode).toBe(127);
  });
});

describe('restart policies', () => {
  it('start again what failed, as often as allowed', async () => {
    const RestartPolicy = { Name: 'on-failure', MaximumRetryCount: 2 } as const;
    const { Id } = await h.client.containerCreate(
      shell('echo run; exit 1', { HostConfig: { RestartPolicy } }),
    );
    await h.client.containerStart(Id);
    expect((await h.client.containerWait(Id)).StatusCode).toBe(1);
    expect(await h.client.containerInspect(Id)).toMatchObject({
      RestartCount: 2,
      State: { Status: 'exited' },
    });
    const logs = await h.client.containerLogs(Id, { stdout: true });
    expect((await split(logs.stream)).stdout).toBe('run\nrun\nrun\n');
  });

  it('end with a stop', async () => {
    const { Id } = await h.client.containerCreate(
      shell('exit 1', { HostConfig: { RestartPolicy: { Name: 'always' } } }),
    );
    await h.client.containerStart(Id);
    await until(
      'it waits for its next start',
      async () => (await h.client.containerInspect(Id)).State.Restarting,
    );
    expect((await h.client.containerList()).find((one) => one.Id === Id)?.Status).toContain('Restarting (1)');
    await h.client.containerStop(Id);
    expect((await h.client.containerInspect(Id)).State).toMatchObject({
      Status: 'exited',
      Restarting: false,
    });
  });
});

describe('list', () => {
  it('shows what runs, or all, by filters', async () => {
    const label = { Labels: { batch: 'list' } };
    const { Id: running } = await h.client.containerCreate(shell('exec sleep 60', label), {
      name: 'list-running',
    });
    await h.client.containerStart(running);
    const { id: ended } = await run(h.client, shell('exit 9', label));
    const ids = async (options: object): Promise<string[]> =>
      (await h.client.containerList(options)).map((one) => one.Id);
    const mine = { label: ['batch=list'] };
    expect(await ids({ filters: mine })).toEqual([running]);
    expect(await ids({ all: true, filters: mine })).toEqual([ended, running]);
    expect(await ids({ limit: 1, filters: mine })).toEqual([ended]);
    expect(await ids({ filters: { ...mine, exited: ['9'] } })).toEqual([ended]);
    expect(await ids({ filters: { ...mine, exited: ['8'] } })).toEqual([]);
    expect(await ids({ filters: { ...mine, status: ['running'] } })).toEqual([running]);
    expect(await ids({ all: true, filters: { ...mine, name: ['^/list-run'] } })).toEqual([running]);
    expect(await ids({ all: true, filters: { ...mine, since: [running] } })).toEqual([ended]);
    expect(await ids({ all: true, filters: { ...mine, before: [ended] } })).toEqual([running]);
    expect(await ids({ all: true, filters: { ...mine, ancestor: ['busybox'] } })).toEqual([ended, running]);
    expect(await ids({ all: true, filters: { ...mine, ancestor: ['alpine'] } })).toEqual([]);
    await expect(ids({ filters: { colour: ['red'] } })).rejects.toMatchObject({ status: 400 });
    await h.client.containerRemove(running, { force: true });
  });

  it('does not wait for a container whose queue is stuck', async () => {
    const { Id } = await h.client.containerCreate(shell('true'), { name: 'stuck' });
    // A start in the driver that does not come back.
    const original = h.driver.create.bind(h.driver);
    let release = (): void => undefined;
    h.driver.create = async (spec) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return await original(spec);
    };
    const starting = h.client.containerStart(Id);
    await until('the driver hangs', async () =>
      (await h.client.containerList({ all: true })).some((one) => one.Id === Id),
    );
    expect((await h.client.containerInspect('stuck')).State.Status).toBe('created');
    h.driver.create = original;
    release();
    await starting;
  });
});

async function fetchStatus(socketPath: string, method: string, path: string): Promise<number> {
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.once('error', reject);
    call.end();
  });
}
