import { once } from 'node:events';
import { connect } from 'node:net';

import { frame } from '@ns/engine-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Harness, harness, run, shell, split, textOf, until } from './harness.js';

let h: Harness;
beforeAll(async () => {
  h = await harness();
});
afterAll(() => h[Symbol.asyncDispose]());

const BOTH = { stream: true, stdout: true, stderr: true };
const INTERACTIVE = { OpenStdin: true, StdinOnce: true };

async function idle(): Promise<boolean> {
  const { State } = await h.client.containerInspect('idle').catch(() => ({ State: { Running: false } }));
  return !State.Running;
}

describe('attach', () => {
  it('before the start misses nothing, and ends with the container', async () => {
    const { Id } = await h.client.containerCreate(shell('echo out; echo err >&2'));
    const { stream, multiplexed } = await h.client.containerAttach(Id, BOTH);
    expect(multiplexed).toBe(true);
    await h.client.containerStart(Id);
    expect(await split(stream)).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  });

  it('passes stdin on to its end', async () => {
    const { Id } = await h.client.containerCreate(shell('exec cat', INTERACTIVE));
    const { stream } = await h.client.containerAttach(Id, { ...BOTH, stdin: true });
    await h.client.containerStart(Id);
    stream.end(Buffer.alloc(300_000, 'x'));
    expect((await split(stream)).stdout.length).toBe(300_000);
    expect((await h.client.containerWait(Id)).StatusCode).toBe(0);
  });

  it('gives a terminal one stream, and leaves at the detach keys', async () => {
    const { Id } = await h.client.containerCreate(shell('exec cat', { Tty: true, OpenStdin: true }));
    await h.client.containerStart(Id);
    const { stream, multiplexed } = await h.client.containerAttach(Id, {
      ...BOTH,
      stdin: true,
      detachKeys: 'ctrl-a,d',
    });
    expect(multiplexed).toBe(false);
    stream.write('hello');
    expect(String((await once(stream, 'data'))[0])).toBe('hello');
    stream.write('\u0001d');
    await once(stream, 'end');
    expect((await h.client.containerInspect(Id)).State.Running).toBe(true);
    await h.client.containerRemove(Id, { force: true });
  });

  it('replays what was written before', async () => {
    const { Id } = await h.client.containerCreate(shell('echo one; read -r go; echo two', INTERACTIVE));
    await h.client.containerStart(Id);
    await until(
      'it has written',
      async () => (await split((await h.client.containerLogs(Id, { stdout: true })).stream)).stdout !== '',
    );
    const { stream } = await h.client.containerAttach(Id, { ...BOTH, stdin: true, logs: true });
    stream.write('go\n');
    expect((await split(stream)).stdout).toBe('one\ntwo\n');
  });

  it('works for a client that asks for no upgrade', async () => {
    const { Id } = await h.client.containerCreate(shell('echo plain'));
    const { request } = await import('node:http');
    const call = request({
      socketPath: h.socket,
      method: 'POST',
      path: `/v1.41/containers/${Id}/attach?stream=1&stdout=1`,
    });
    call.end();
    const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/vnd.docker.raw-stream');
    await h.client.containerStart(Id);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks)).toEqual(frame('stdout', Buffer.from('plain\n')));
  });

  it('refuses to attach to nothing', async () => {
    const { Id } = await h.client.containerCreate(shell('true'));
    await expect(h.client.containerAttach(Id, { stream: true })).rejects.toMatchObject({ status: 400 });
  });

  it('a client that leaves does not stop the container', async () => {
    const { Id } = await h.client.containerCreate(
      shell('i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done'),
    );
    const { stream } = await h.client.containerAttach(Id, BOTH);
    await h.client.containerStart(Id);
    await once(stream, 'data');
    stream.destroy();
    expect((await h.client.containerWait(Id)).StatusCode).toBe(0);
    const logs = await h.client.containerLogs(Id, { stdout: true, tail: '1' });
    expect((await split(logs.stream)).stdout).toBe('line 19999\n');
  });
});

describe('logs', () => {
  it('are those of both streams, with times and from the end', async () => {
    const { id } = await run(h.client, shell('echo a; echo b >&2; echo c'));
    const logs = async (options: object): Promise<{ stdout: string; stderr: string }> =>
      split((await h.client.containerLogs(id, { stdout: true, stderr: true, ...options })).stream);
    expect(await logs({})).toEqual({ stdout: 'a\nc\n', stderr: 'b\n' });
    expect(await logs({ stdout: false })).toEqual({ stdout: '', stderr: 'b\n' });
    expect((await logs({ timestamps: true })).stderr).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z b\n$/);
    expect(await logs({ tail: '0' })).toEqual({ stdout: '', stderr: '' });
    expect(await logs({ since: String(Date.now() / 1000 + 10) })).toEqual({ stdout: '', stderr: '' });
    await expect(h.client.containerLogs(id, {})).rejects.toMatchObject({ status: 400 });
  });

  it('are followed to the end of the container', async () => {
    const { Id } = await h.client.containerCreate(shell('echo a; read -r go; echo b', INTERACTIVE));
    const { stream: input } = await h.client.containerAttach(Id, { stream: true, stdin: true });
    await h.client.containerStart(Id);
    const logs = await h.client.containerLogs(Id, { stdout: true, follow: true });
    const text = split(logs.stream);
    input.write('go\n');
    expect((await text).stdout).toBe('a\nb\n');
  });

  it('keep bytes that are no text', async () => {
    const { id } = await run(h.client, shell(String.raw`printf '\000\377\n\200'`));
    const logs = await h.client.containerLogs(id, { stdout: true });
    const chunks: Buffer[] = [];
    for await (const chunk of logs.stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).subarray(8)).toEqual(Buffer.from([0, 0xff, 10, 0x80]));
  });

  it('are not there with the log driver none', async () => {
    const { id } = await run(h.client, shell('echo a', { HostConfig: { LogConfig: { Type: 'none' } } }));
    await expect(h.client.containerLogs(id, { stdout: true })).rejects.toMatchObject({
      status: 501,
      engineMessage: 'configured logging driver does not support reading',
    });
  });
});

describe('exec', () => {
  let id: string;
  beforeAll(async () => {
    id = (await h.client.containerCreate(shell('exec sleep 600'), { name: 'idle' })).Id;
    await h.client.containerStart(id);
  });
  afterAll(async () => {
    if (!(await idle())) await h.client.containerRemove(id, { force: true });
  });
  const all = { AttachStdin: true, AttachStdout: true, AttachStderr: true };

  it('runs a command with its streams, and knows its exit code when they end', async () => {
    const { Id } = await h.client.execCreate(id, {
      ...all,
      Cmd: ['/bin/sh', '-c', 'cat; echo err >&2; exit 4'],
    });
    const { stream } = await h.client.execAttach(Id, {});
    stream.end('typed');
    expect(await split(stream)).toEqual({ stdout: 'typed', stderr: 'err\n' });
    expect(await h.client.execInspect(Id)).toMatchObject({ Running: false, ExitCode: 4, ContainerID: id });
  });

  it('runs detached', async () => {
    const { Id } = await h.client.execCreate(id, { Cmd: ['/bin/sh', '-c', 'exit 6'] });
    await h.client.execStart(Id);
    await until('it has ended', async () => !(await h.client.execInspect(Id)).Running);
    expect((await h.client.execInspect(Id)).ExitCode).toBe(6);
  });

  it('tells in its stream what cannot be started', async () => {
    const { Id } = await h.client.execCreate(id, { ...all, Cmd: ['/no/such'] });
    const { stream } = await h.client.execAttach(Id, {});
    expect((await split(stream)).stderr).toContain('stat /no/such: no such file or directory');
    expect((await h.client.execInspect(Id)).ExitCode).toBe(127);
  });

  it('is started once only, and resized while it runs only', async () => {
    const { Id } = await h.client.execCreate(id, { ...all, Tty: true, Cmd: ['cat'] });
    await expect(h.client.execResize(Id, { h: 10, w: 20 })).rejects.toMatchObject({ status: 409 });
    const { stream } = await h.client.execAttach(Id, { Tty: true });
    stream.write('x');
    await once(stream, 'data');
    await h.client.execResize(Id, { h: 10, w: 20 });
    expect(h.driver.containers.get(id)?.execs.at(-1)?.sizes).toEqual([{ rows: 10, columns: 20 }]);
    await expect(h.client.execStart(Id)).rejects.toMatchObject({ status: 409 });
    stream.destroy();
  });

  it('needs a container that runs, and a command', async () => {
    const { Id } = await h.client.containerCreate(shell('true'));
    await expect(h.client.execCreate(Id, { Cmd: ['ls'] })).rejects.toMatchObject({
      status: 409,
      engineMessage: `container ${Id} is not running`,
    });
    await expect(h.client.execCreate(id, { Cmd: [] })).rejects.toMatchObject({ status: 400 });
    await expect(h.client.execInspect('nope')).rejects.toMatchObject({ status: 404 });
  });

  it('takes the request body from the upgraded connection, in whatever pieces it comes', async () => {
    const { Id } = await h.client.execCreate(id, { ...all, Cmd: ['cat'] });
    const socket = connect({ path: h.socket, allowHalfOpen: true });
    const body = '{"Detach":false,"Tty":false}';
    socket.write(
      `POST /v1.41/exec/${Id}/start HTTP/1.1\r\nHost: ns\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await new Promise((resolve) => void setTimeout(resolve, 20));
    socket.end(`${body.slice(5)}typed early`);
    const text = await textOf(socket);
    expect(text).toMatch(/^HTTP\/1\.1 101 UPGRADED\r\n/);
    expect(text.endsWith('typed early')).toBe(true);
  });
});

describe('a terminal', () => {
  it('is resized while it runs', async () => {
    const { Id } = await h.client.containerCreate(shell('exec cat', { Tty: true, OpenStdin: true }));
    await expect(h.client.containerResize(Id, { h: 5, w: 6 })).rejects.toMatchObject({ status: 409 });
    await h.client.containerStart(Id);
    await h.client.containerResize(Id, { h: 5, w: 6 });
    expect(h.driver.containers.get(Id)?.sizes).toEqual([{ rows: 5, columns: 6 }]);
    await expect(h.client.containerResize(Id, { h: 70_000, w: 6 })).rejects.toMatchObject({ status: 400 });
    await h.client.containerRemove(Id, { force: true });
  });

  it('begins with the size that the client has', async () => {
    const { Id } = await h.client.containerCreate(
      shell('true', { Tty: true, HostConfig: { ConsoleSize: [33, 99] } }),
    );
    let seen: unknown;
    const original = h.driver.create.bind(h.driver);
    h.driver.create = (spec) => {
      seen = spec.process.terminal;
      return original(spec);
    };
    await h.client.containerStart(Id);
    h.driver.create = original;
    expect(seen).toEqual({ rows: 33, columns: 99 });
  });
});
