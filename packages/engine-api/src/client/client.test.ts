import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';

import { needs } from '@ns/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { demux } from '../stream/demux.js';
import { FakeEngine } from '../testing/index.js';
import { API_VERSION } from '../versions.js';
import { EngineClient } from './client.js';
import { EngineApiError } from './errors.js';

/** An HTTP server on a free local port that answers as the test says, and pings. */
async function serve(listener: RequestListener): Promise<{ host: string; server: Server } & AsyncDisposable> {
  const server = createServer((request, response) => {
    if (request.url === '/_ping') response.setHeader('Api-Version', '1.44').end('OK');
    else listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('the version', () => {
  it('is agreed with the first request, and asked for once', async () => {
    await using engine = await FakeEngine.start({ apiVersion: '1.43' });
    const client = new EngineClient({ host: engine.host });
    const paths: string[] = [];
    await using spy = await serve((request, response) => {
      paths.push(request.url ?? '');
      response.end('[]');
    });
    expect(await client.apiVersion()).toBe('1.43');
    const other = new EngineClient({ host: spy.host });
    await other.containerList();
    await other.imageList();
    expect(paths).toEqual(['/v1.44/containers/json', '/v1.44/images/json']);
  });

  it('is taken to be the newest by an optimistic client, which asks when it hears that it is not', async () => {
    const paths: string[] = [];
    await using spy = await serve((request, response) => {
      paths.push(request.url ?? '');
      if (request.url?.startsWith(`/v${API_VERSION}/`)) {
        const message = `client version ${API_VERSION} is too new. Maximum supported API version is 1.44`;
        response.writeHead(400).end(JSON.stringify({ message }));
      } else response.end('[]');
    });
    const client = new EngineClient({ host: spy.host, optimistic: true });
    await Promise.all([client.containerList(), client.imageList()]);
    await client.containerList();
    expect(paths.toSorted()).toEqual(
      [
        '/v1.44/containers/json',
        '/v1.44/containers/json',
        '/v1.44/images/json',
        `/v${API_VERSION}/containers/json`,
        `/v${API_VERSION}/images/json`,
      ].toSorted(),
    );
    // Nothing is asked of one that is as new.
    await using engine = await FakeEngine.start({ apiVersion: API_VERSION });
    const other = new EngineClient({ host: engine.host, optimistic: true });
    await other.containerList();
    expect(await other.apiVersion()).toBe(API_VERSION);
    // What is uploaded can be sent once: the version is asked for first.
    const loader = new EngineClient({ host: spy.host, optimistic: true });
    paths.length = 0;
    const messages = loader.imageLoad(Readable.from(['archive']));
    await messages.next();
    expect(paths).toEqual([expect.stringMatching(/^\/v1\.44\//)]);
  });

  it('is asked again of an engine that was not there, once for all requests', async () => {
    const socket = join(mkdtempSync(join(tmpdir(), 'ns-absent-')), 'engine.sock');
    const server = createServer((_, response) => response.end('[]'));
    let calls = 0;
    const client = new EngineClient({
      host: `unix://${socket}`,
      optimistic: true,
      onAbsent: async () => {
        calls += 1;
        server.listen(socket);
        await once(server, 'listening');
      },
    });
    try {
      expect(await Promise.all([client.containerList(), client.imageList()])).toEqual([[], []]);
      expect(calls).toBe(1);
      const hopeless = new EngineClient({
        host: 'unix:///no/such/socket',
        onAbsent: () => Promise.reject(new Error('it cannot be started')),
      });
      await expect(hopeless.containerList()).rejects.toThrow('it cannot be started');
    } finally {
      client.close();
      server.close();
      rmSync(join(socket, '..'), { recursive: true });
    }
  });

  it('can be given', async () => {
    await using spy = await serve((request, response) => response.end(JSON.stringify([request.url])));
    const client = new EngineClient({ host: spy.host, apiVersion: '1.30' });
    expect(await client.containerList({ all: true, filters: { status: ['exited'] } })).toEqual([
      '/v1.30/containers/json?all=1&filters=%7B%22status%22%3A%5B%22exited%22%5D%7D',
    ]);
  });

  it('is asked for again when the engine was not there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ns-api-'));
    const socketPath = join(directory, 's');
    const client = new EngineClient({ host: socketPath });
    await expect(client.containerList()).rejects.toMatchObject({ code: 'ERR_NS_CONNECTION' });
    const engine = await FakeEngine.start({ socketPath });
    expect(await client.containerList()).toEqual([]);
    await engine.stop();
    rmSync(directory, { recursive: true });
  });

  it('comes with ping', async () => {
    await using engine = await FakeEngine.start();
    expect(await new EngineClient({ host: engine.host }).ping()).toEqual({
      apiVersion: '1.47',
      osType: 'linux',
      builderVersion: '',
      experimental: false,
      swarm: '',
      server: 'fake',
    });
  });
});

describe('an engine that cannot be reached', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ns-api-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('no socket', async () => {
    const host = `unix://${directory}/none.sock`;
    await expect(new EngineClient({ host }).info()).rejects.toMatchObject({
      code: 'ERR_NS_CONNECTION',
      message: `ping: cannot reach the engine at ${host}: there is no such socket`,
      hint: expect.stringContaining('start ns-daemon'),
      cause: { code: 'ENOENT' },
    });
  });

  it('a socket nobody listens on', async () => {
    // A regular file refuses connections as a socket does whose listener has died.
    writeFileSync(join(directory, 'stale'), '');
    await expect(new EngineClient({ host: join(directory, 'stale') }).info()).rejects.toMatchObject({
      code: 'ERR_NS_CONNECTION',
      message: expect.stringContaining('connection refused'),
      hint: expect.stringContaining('start ns-daemon'),
    });
  });

  it('a path that is none', async () => {
    writeFileSync(join(directory, 'file'), '');
    await expect(new EngineClient({ host: join(directory, 'file', 'sock') }).info()).rejects.toMatchObject({
      code: 'ERR_NS_CONNECTION',
    });
  });

  it('a closed port', async () => {
    const { host } = await serve(() => undefined).then(async (spy) => {
      await spy[Symbol.asyncDispose]();
      return spy;
    });
    await expect(new EngineClient({ host }).info()).rejects.toMatchObject({
      code: 'ERR_NS_CONNECTION',
      message: `ping: cannot reach the engine at ${host}: connection refused`,
    });
  });

  it('one that hangs up', async () => {
    await using spy = await serve((request) => request.socket.destroy());
    await expect(new EngineClient({ host: spy.host }).containerStart('x')).rejects.toMatchObject({
      code: 'ERR_NS_CONNECTION',
      message: expect.stringMatching(
        /^container start: cannot reach the engine at .*: it closed the connection$/,
      ),
      hint: expect.stringContaining('see its log'),
    });
  });

  it('a socket of another user', needs('root'), async () => {
    await using engine = await FakeEngine.start({ socketPath: join(directory, 's') });
    chmodSync(directory, 0o755);
    chmodSync(join(directory, 's'), 0o600);
    // Root may connect to everything.
    process.seteuid?.(65534);
    try {
      await expect(new EngineClient({ host: engine.host }).info()).rejects.toMatchObject({
        message: expect.stringContaining('permission denied'),
        hint: expect.stringContaining("socket's group"),
      });
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe('an answer that is an error', () => {
  it('has the status, the message, and what ns-daemon adds', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const error: unknown = await client.containerInspect('nosuch').catch((reason: unknown) => reason);
    expect(EngineApiError.is(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'ERR_NS_API',
      status: 404,
      message: 'container inspect: No such container: nosuch',
      engineMessage: 'No such container: nosuch',
      nsCode: 'ERR_NS_NOT_FOUND',
    });
  });

  it.each([
    ['plain text', 'page not found\n', 'page not found'],
    ['nothing', '', 'the engine answered 502 without a message'],
    ['other JSON', '{"error":"x"}', '{"error":"x"}'],
  ])('may be %s', async (_, body, message) => {
    await using spy = await serve((__, response) => response.writeHead(502).end(body));
    await expect(new EngineClient({ host: spy.host }).info()).rejects.toMatchObject({
      status: 502,
      engineMessage: message,
    });
  });

  it('may be no JSON though it should', async () => {
    await using spy = await serve((_, response) => response.end('<html>'));
    await expect(new EngineClient({ host: spy.host }).info()).rejects.toMatchObject({
      code: 'ERR_NS_CORRUPT',
      hint: expect.stringContaining('Docker Engine API'),
    });
  });

  it.each(['', '  '])('an empty name %j is refused before it is sent', async (name) => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    await expect(client.containerRemove(name)).rejects.toMatchObject({ code: 'ERR_NS_INVALID_ARGUMENT' });
    await expect(client.imageInspect(name)).rejects.toMatchObject({ code: 'ERR_NS_INVALID_ARGUMENT' });
    expect(engine.requests).toEqual([]);
  });
});

describe('names in paths', () => {
  it('keep slashes and colons and lose what would end the path', async () => {
    const urls: string[] = [];
    await using spy = await serve((request, response) => {
      urls.push(request.url ?? '');
      response.end('{}');
    });
    const client = new EngineClient({ host: spy.host });
    await client.imageInspect('localhost:5000/a/b:1@sha256:abc');
    await client.containerInspect('a?b#c%d e');
    expect(urls).toEqual([
      '/v1.44/images/localhost:5000/a/b:1@sha256:abc/json',
      '/v1.44/containers/a%3Fb%23c%25d%20e/json',
    ]);
  });
});

describe('a container', () => {
  it('lives: create, attach, wait, start, remove', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.containerCreate(
      { Image: 'busybox', Cmd: ['cat'], OpenStdin: true, StdinOnce: true },
      { name: 'web' },
    );
    const { stream, multiplexed } = await client.containerAttach(Id, {
      stream: true,
      stdin: true,
      stdout: true,
    });
    const { exit } = await client.containerBeginWait(Id, 'next-exit');
    await client.containerStart(Id);
    expect(multiplexed).toBe(true);
    stream.write('through ');
    // Half-closed: the output must still come.
    stream.end('and through');
    const output = new PassThrough();
    await demux(stream, { stdout: output });
    output.end();
    expect(await text(output)).toBe('through and through');
    expect(await exit).toEqual({ StatusCode: 0 });
    expect((await client.containerInspect('web')).State).toMatchObject({ Status: 'exited', ExitCode: 0 });
    await client.containerRename('web', 'old');
    await client.containerRemove('old');
    expect(await client.containerList({ all: true })).toEqual([]);
  });

  it('that ends at once is not missed', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.containerCreate({
      Image: 'busybox',
      Cmd: ['exit', '7'],
      HostConfig: { AutoRemove: true },
    });
    const { exit } = await client.containerBeginWait(Id, 'removed');
    await client.containerStart(Id);
    expect((await exit).StatusCode).toBe(7);
    await expect(client.containerInspect(Id)).rejects.toMatchObject({ status: 404 });
  });

  it('with a terminal has one unframed stream', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.containerCreate({ Image: 'busybox', Cmd: ['echo', 'a'], Tty: true });
    const { stream, multiplexed } = await client.containerAttach(Id, { stream: true, stdout: true });
    await client.containerStart(Id);
    expect(multiplexed).toBe(false);
    expect(await text(stream)).toBe('a\n');
  });

  it('cannot be attached when there is none', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    await expect(client.containerAttach('nosuch', { stream: true })).rejects.toMatchObject({ status: 404 });
  });

  it('gives its output, its list of processes, its signals', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.containerCreate({ Image: 'busybox', Cmd: ['signals'] });
    await client.containerStart(Id);
    // Already running is no error.
    await client.containerStart(Id);
    expect((await client.containerTop(Id)).Processes).toEqual([['4711', 'signals']]);
    await client.containerKill(Id, 'SIGHUP');
    await client.containerKill(Id, 'SIGUSR1');
    expect(await client.containerWait(Id)).toEqual({ StatusCode: 42 });
    const logs = await client.containerLogs(Id, { stdout: true });
    expect((await buffer(logs.stream)).toString('latin1')).toContain('SIGHUP');
    await expect(client.containerKill(Id)).rejects.toMatchObject({
      status: 409,
      nsCode: 'ERR_NS_NOT_RUNNING',
    });
    await client.containerRestart(Id);
    await client.containerResize(Id, { h: 24, w: 80 });
    await client.containerStop(Id, { signal: 'SIGKILL', t: 1 });
    expect((await client.containerWait(Id)).StatusCode).toBe(137);
  });
});

describe('exec', () => {
  it('runs a further process, attached', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.containerCreate({ Image: 'busybox', Cmd: ['sleep'] });
    await client.containerStart(Id);
    const exec = await client.execCreate(Id, { Cmd: ['echo', 'x'], Tty: true, AttachStdout: true });
    const { stream } = await client.execAttach(exec.Id, { Tty: true });
    expect(await text(stream)).toBe('x\n');
    expect(await client.execInspect(exec.Id)).toMatchObject({ Running: false, ExitCode: 0 });
  });

  it('runs one detached', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.containerCreate({ Image: 'busybox', Cmd: ['sleep'] });
    await client.containerStart(Id);
    const exec = await client.execCreate(Id, { Cmd: ['sleep'] });
    await client.execStart(exec.Id);
    await client.execResize(exec.Id, { h: 1, w: 2 });
    expect(await client.execInspect(exec.Id)).toMatchObject({ Running: true, ExitCode: null });
  });
});

describe('images', () => {
  it('are imported, tagged, listed, saved, removed', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const progress = [];
    for await (const line of client.imageImport(Readable.from([Buffer.from('tar')]), {
      repo: 'mine',
      tag: '1',
    })) {
      progress.push(line.status);
    }
    expect(progress).toEqual([expect.stringMatching(/^sha256:/)]);
    await client.imageTag('mine:1', 'yours', '2');
    expect((await client.imageList()).at(-1)?.RepoTags).toEqual(['mine:1', 'yours:2']);
    expect((await client.imageInspect('yours:2')).Size).toBe(3);
    expect((await client.imageHistory('mine:1'))[0]?.Comment).toBe('imported');
    expect(await text(await client.imageSave(['mine:1', 'busybox']))).toBe('archive of mine:1 busybox');
    expect(await client.imageRemove('mine:1')).toEqual([{ Untagged: 'mine:1' }]);
    expect(await client.imageRemove('yours:2')).toContainEqual({ Deleted: expect.any(String) });
  });

  it('are loaded, with progress', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const lines = [];
    for await (const line of client.imageLoad(Readable.from([Buffer.alloc(100_000)]))) lines.push(line);
    expect(lines.at(-1)).toEqual({ stream: 'Loaded image: loaded:latest\n' });
  });

  it('an archive that cannot be read is its own error', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const archive = new Readable({
      read() {
        this.destroy(new Error('disk on fire'));
      },
    });
    await expect(client.imageLoad(archive).next()).rejects.toThrow('disk on fire');
  });
});

describe('the engine itself', () => {
  it('tells its version, its state, and what happens', async () => {
    await using engine = await FakeEngine.start();
    using client = new EngineClient({ host: engine.host });
    expect((await client.version()).ApiVersion).toBe('1.47');
    expect((await client.info()).Images).toBe(1);
    const actions = [];
    for await (const { Action } of client.events({ since: '0' })) actions.push(Action);
    expect(actions).toEqual(['create', 'start', 'die']);
  });

  it('explains, as data and as text', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const request = { Image: 'busybox', Cmd: ['ls'] };
    expect((await client.explain(request)).Steps).toHaveLength(1);
    expect(await client.explainText(request)).toContain('1. run ls');
    expect(await client.containerList({ all: true })).toEqual([]);
  });
});

describe('a call', () => {
  it('ends when it is aborted, with the reason', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.containerCreate({ Image: 'busybox', Cmd: ['sleep'] });
    await client.containerStart(Id);
    const stop = new AbortController();
    const waiting = client.containerWait(Id, 'not-running', { abort: stop.signal });
    const attached = await client.containerAttach(Id, { stream: true, stdout: true }, { abort: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 20);
    await Promise.all([
      expect(waiting).rejects.toThrow('enough'),
      expect(text(attached.stream)).rejects.toThrow('enough'),
    ]);
  });

  it('is made again on a fresh connection when an idle one has died', async () => {
    let connections = 0;
    // Answers one request a connection, and hangs up at the second without a word.
    const server = createNetServer((socket: Socket) => {
      connections += 1;
      let asked = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        asked += 1;
        if (asked > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nApi-Version: 1.40\r\nContent-Length: 2\r\n\r\n[]');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new EngineClient({ host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
    expect(await client.containerList()).toEqual([]);
    expect(await client.containerList()).toEqual([]);
    expect(connections).toBe(3);
    client.close();
    server.close();
  });

  it('that takes the connection over needs an engine that gives it', async () => {
    await using spy = await serve((_, response) => response.end('plain'));
    await expect(
      new EngineClient({ host: spy.host }).containerAttach('x', { stream: true }),
    ).rejects.toMatchObject({ code: 'ERR_NS_CONNECTION', message: expect.stringContaining('answered 200') });
  });
});

describe('networks', () => {
  it('are created, listed, joined, left, pruned, removed', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.networkCreate({ Name: 'own', IPAM: { Config: [{ Subnet: '10.5.0.0/16' }] } });
    await client.networkCreate({ Name: 'other' });
    expect((await client.networkList()).map(({ Name }) => Name)).toEqual([
      'bridge',
      'host',
      'none',
      'own',
      'other',
    ]);
    const [listed] = await client.networkList({ filters: { name: ['own'] } });
    expect(listed).toEqual(await client.networkInspect(Id));
    const { Id: container } = await client.containerCreate({ Image: 'busybox' });
    await client.networkConnect('own', { Container: container, EndpointConfig: { Aliases: ['x'] } });
    expect(Object.keys((await client.networkInspect('own')).Containers ?? {})).toEqual([container]);
    expect(await client.networkPrune()).toEqual({ NetworksDeleted: ['other'] });
    await client.networkDisconnect('own', { Container: container });
    await client.networkRemove(Id);
    await expect(client.networkInspect('own')).rejects.toMatchObject({ status: 404 });
    await expect(client.networkRemove(' ')).rejects.toMatchObject({ code: 'ERR_NS_INVALID_ARGUMENT' });
  });
});

describe('checkpoints', () => {
  it('are created, listed, gone on from, removed', async () => {
    await using engine = await FakeEngine.start();
    const client = new EngineClient({ host: engine.host });
    const { Id } = await client.containerCreate({ Image: 'busybox', Cmd: ['signals'] });
    await client.containerStart(Id);
    await client.checkpointCreate(Id, { CheckpointID: 'one', Exit: true });
    await client.containerWait(Id);
    expect(await client.checkpointList(Id)).toEqual([{ Name: 'one' }]);
    await client.containerStart(Id, { checkpoint: 'one' });
    await client.checkpointDelete(Id, 'one');
    await expect(client.checkpointDelete(Id, 'one')).rejects.toMatchObject({ status: 404 });
    await client.containerRemove(Id, { force: true });
  });
});
