import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Harness, harness, run, shell, textOf, until } from './harness.js';

let h: Harness;
beforeAll(async () => {
  h = await harness();
});
afterAll(() => h[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

async function ask(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const call = request({ socketPath: h.socket, method, path, headers: options.headers ?? {} });
  call.end(options.body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, text: await textOf(response) };
}

describe('versions', () => {
  it('are told by ping', async () => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await ask(method, '/_ping');
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'api-version': '1.47',
        ostype: 'linux',
        'docker-experimental': 'false',
        'builder-version': '1',
      });
      expect(text).toBe(method === 'GET' ? 'OK' : '');
    }
  });

  it.each([
    ['1.99', 'client version 1.99 is too new. Maximum supported API version is 1.47'],
    [
      '1.12',
      'client version 1.12 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
    ],
  ])('%s is refused in Docker words', async (version, message) => {
    const { status, text } = await ask('GET', `/v${version}/version`);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ message });
  });

  it.each(['', '/v1.24', '/v1.41', '/v1.47'])('are served: %s', async (prefix) => {
    const { status, text } = await ask('GET', `${prefix}/version`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ ApiVersion: '1.47', MinAPIVersion: '1.24', Os: 'linux' });
  });
});

describe('requests that are not served', () => {
  it('are not found, or said to come later', async () => {
    expect(await ask('GET', '/v1.41/nonsense')).toMatchObject({ status: 404 });
    expect(JSON.parse((await ask('GET', '/nonsense')).text)).toMatchObject({ message: 'page not found' });
    const missing = await ask('GET', '/containers/x/export');
    expect(missing.status).toBe(501);
    expect(JSON.parse(missing.text)).toMatchObject({ message: 'export is not there yet' });
  });

  it('get an answer when they ask for an upgrade, too', async () => {
    const socket = connect(h.socket);
    socket.write('POST /session HTTP/1.1\r\nHost: ns\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 501 Not Implemented\r\n/);
  });

  it('have bodies that are read with care', async () => {
    const headers = { 'Content-Type': 'application/json' };
    expect(await ask('POST', '/containers/create', { headers, body: '{' })).toMatchObject({ status: 400 });
    expect(await ask('POST', '/containers/create', { headers, body: '[]' })).toMatchObject({ status: 400 });
    expect(await ask('GET', '/containers/json?all=perhaps')).toMatchObject({ status: 400 });
    expect(await ask('GET', '/containers/%ZZ/json')).toMatchObject({ status: 404 });
  });

  it('tell hints in the message to clients that show nothing else', async () => {
    const body = JSON.stringify({ Image: 'busybox', Cmd: ['x'], StopSignal: 'NOPE' });
    const told = async (agent: string): Promise<string> =>
      (
        JSON.parse(
          (await ask('POST', '/containers/create', { headers: { 'User-Agent': agent }, body })).text,
        ) as { message: string }
      ).message;
    expect(await told('Docker-Client/28.2.2 (linux)')).toContain('(Give a number from 1 to 64');
    expect(await told('other')).toBe('signal: invalid signal: NOPE');
  });
});

describe('info and the like', () => {
  it('counts containers, and names the driver', async () => {
    await run(h.client, shell('true'));
    expect(await h.client.info()).toMatchObject({
      Containers: 1,
      ContainersStopped: 1,
      OSType: 'linux',
      DefaultRuntime: 'fake',
      LiveRestoreEnabled: true,
    });
  });

  it('has empty lists of what is not there yet', async () => {
    const networks = JSON.parse((await ask('GET', '/networks')).text) as { Name: string }[];
    expect(networks.map(({ Name }) => Name)).toEqual(['host', 'none']);
    expect(JSON.parse((await ask('GET', '/volumes')).text)).toEqual({ Volumes: [], Warnings: null });
  });

  it('says that an image cannot be pulled', async () => {
    const { status, text } = await ask('POST', '/images/create?fromImage=alpine&tag=latest');
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({
      message: expect.stringContaining('registries are not there yet'),
    });
  });
});

describe('events', () => {
  it('tell the life of a container in order', async () => {
    const since = String(Date.now() / 1000);
    const { id } = await run(h.client, shell('exit 2', { Labels: { colour: 'red' } }));
    await h.client.containerRemove(id);
    const filters = { container: [id] };
    const seen = [];
    for await (const event of h.client.events({ since, until: String(Date.now() / 1000 + 0.2), filters }))
      seen.push(event);
    expect(seen.map(({ Action }) => Action)).toEqual(['create', 'start', 'die', 'destroy']);
    expect(seen[2]).toMatchObject({
      Type: 'container',
      status: 'die',
      from: 'busybox',
      Actor: { ID: id, Attributes: { exitCode: '2', colour: 'red', image: 'busybox' } },
    });
  });

  it('come as they happen, to as many as listen, and no longer', async () => {
    const listening = async (): Promise<string> => {
      for await (const event of h.client.events({ filters: { event: ['die'] } })) return event.Action;
      return 'none';
    };
    const [one, two] = [listening(), listening()];
    await until('both listen', async () => (await h.client.info()).NEventsListener === 2);
    await run(h.client, shell('true'));
    expect([await one, await two]).toEqual(['die', 'die']);
    await until('both have left', async () => (await h.client.info()).NEventsListener === 0);
  });
});

describe('top', () => {
  it('shows the processes as ps does', async () => {
    const { Id } = await h.client.containerCreate({ Image: 'busybox', Cmd: ['sleep', '600'] });
    await h.client.containerStart(Id);
    const { Titles, Processes } = await h.client.containerTop(Id);
    expect(Titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    expect(Processes?.[0]?.at(-1)).toBe('sleep 600');
    expect((await h.client.containerTop(Id, '-o pid,comm')).Processes?.[0]?.[1]).toBe('sleep');
    await expect(h.client.containerTop(Id, '--forest')).rejects.toMatchObject({ status: 400 });
    await h.client.containerRemove(Id, { force: true });
    const { id } = await run(h.client, shell('true'));
    await expect(h.client.containerTop(id)).rejects.toMatchObject({ status: 409 });
  });
});
