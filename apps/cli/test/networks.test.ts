import { FakeEngine } from '@ns/engine-api/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { callNs, type CallOptions, type Ended } from './in-process.js';

let engine: FakeEngine;
beforeAll(async () => {
  engine = await FakeEngine.start();
});
afterAll(async () => {
  await engine.stop();
});

const run = (words: readonly string[] | string, options?: CallOptions): Promise<Ended> =>
  callNs(engine.host, words, options);
const out = async (words: readonly string[] | string): Promise<string> => {
  const { exitCode, stdout, stderr } = await run(words);
  expect(stderr, String(words)).toBe('');
  expect(exitCode, String(words)).toBe(0);
  return stdout;
};
const inspected = async (name: string): Promise<Record<string, unknown>> =>
  (JSON.parse(await out(['network', 'inspect', name])) as Record<string, unknown>[])[0] ?? {};

describe('networks', () => {
  it('are created, listed, inspected, removed', async () => {
    const id = (await out('network create --label role=db --label bare -d bridge net10')).trim();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    await out('network create --internal --ipv6 net2');
    expect(await out('network ls')).toBe(
      [
        'NETWORK ID     NAME      DRIVER    SCOPE',
        '111111111111   bridge    bridge    local',
        '222222222222   host      host      local',
        `${(await out('network ls -q -f name=net2')).trim()}   net2      bridge    local`,
        `${id.slice(0, 12)}   net10     bridge    local`,
        '333333333333   none      null      local',
        '',
      ].join('\n'),
    );
    expect(await out('network list -q --no-trunc --filter name=net10')).toBe(`${id}\n`);
    expect(engine.requests.at(-1)?.query['filters']).toBe('{"name":["net10"]}');
    const format = '{{.Name}} {{.Driver}} {{.IPv6}} {{.Internal}} {{.Labels}} {{.Label "role"}}';
    expect(await out(['network', 'ls', '-f', 'name=net', '--format', format])).toBe(
      'net2 bridge true true  \nnet10 bridge false false bare=,role=db db\n',
    );
    expect(await out(['network', 'ls', '-f', 'name=host', '--format', 'json'])).toBe(
      '{"CreatedAt":"2026-01-02 03:04:05.678 +0000 UTC","Driver":"host","ID":"222222222222","IPv4":"true",' +
        '"IPv6":"false","Internal":"false","Labels":"","Name":"host","Scope":"local"}\n',
    );
    expect(await out('network inspect -f {{.Name}} net2 net10')).toBe('net2\nnet10\n');
    expect(await out('inspect -f {{.Driver}} net2')).toBe('bridge\n');
    expect(await out('inspect --type network -f {{.Driver}} none')).toBe('null\n');
    expect(await out('network rm net2 net10')).toBe('net2\nnet10\n');
  });

  it('are created with all that their flags say', async () => {
    await out(
      'network create --subnet 10.5.0.0/16,fd00:5::/64 --gateway 10.5.0.254 --ip-range 10.5.1.0/24 ' +
        '--aux-address box=10.5.0.9 --attachable -o com.docker.network.driver.mtu=1400 --opt alone --ipv4=true full',
    );
    expect(await inspected('full')).toMatchObject({
      Driver: 'bridge',
      Attachable: true,
      EnableIPv4: true,
      Options: { 'com.docker.network.driver.mtu': '1400', alone: '' },
      IPAM: {
        Config: [
          {
            Subnet: '10.5.0.0/16',
            Gateway: '10.5.0.254',
            IPRange: '10.5.1.0/24',
            AuxiliaryAddresses: { box: '10.5.0.9' },
          },
          { Subnet: 'fd00:5::/64' },
        ],
      },
    });
    const { stdout, stderr } = await run('network create -o warn=careful warned');
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^[0-9a-f]{64}\n$/), 'WARNING: careful\n']);
    await out('network rm full warned');
  });

  it('get containers, and lose them', async () => {
    await out('network create shared');
    const id = (await out('create --name member busybox')).trim();
    expect(await out('network connect --ip 10.5.0.7 --alias db --link other:x shared member')).toBe('');
    expect((await inspected('shared'))['Containers']).toMatchObject({
      [id]: { Name: 'member', IPv4Address: '10.5.0.7' },
    });
    expect(await out('network disconnect -f shared member')).toBe('');
    expect((await inspected('shared'))['Containers']).toEqual({});
    expect(await run('network disconnect shared member')).toMatchObject({
      exitCode: 1,
      stderr: `Error response from daemon: container ${id} is not connected to network shared\n`,
    });
    await out('network rm shared');
  });

  it('are pruned when that is confirmed', async () => {
    await out('network create unused');
    const question =
      'WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue? [y/N] ';
    for (const input of ['', 'n\n', 'yes, please\n']) {
      expect(await run('network prune', { input })).toEqual({
        exitCode: 1,
        stdout: question,
        stderr: 'ns: network prune has been cancelled\n',
      });
    }
    expect(await run('network prune --filter until=24h', { input: 'y\n' })).toMatchObject({
      exitCode: 0,
      stdout: `${question}Deleted Networks:\nunused\n\n`,
    });
    expect(engine.requests.at(-1)?.query['filters']).toBe('{"until":["24h"]}');
    expect(await out('network prune -f')).toBe('');
  });

  it('that are missing are told one by one', async () => {
    await out('network create here');
    expect(await run('network rm gone here bridge')).toEqual({
      exitCode: 1,
      stdout: 'here\n',
      stderr:
        'Error response from daemon: network gone not found\n' +
        'Error response from daemon: bridge is a pre-defined network and cannot be removed\n',
    });
    expect((await run('network rm -f gone')).exitCode).toBe(0);
    expect((await run('network rm -f gone bridge')).exitCode).toBe(1);
    expect(await run('network inspect gone')).toEqual({
      exitCode: 1,
      stdout: '[]\n',
      stderr: 'Error response from daemon: network gone not found\n',
    });
    // A slash ends no path.
    expect((await run('network rm bridge/disconnect')).stderr).toContain(
      'network bridge/disconnect not found',
    );
  });

  it.each([
    ['network create', 1, "'ns network create' requires 1 argument"],
    ['network create a b', 1, 'requires 1 argument'],
    ['network connect a', 1, 'requires 2 arguments'],
    ['network connect --ip x a b', 125, 'invalid IPv4 address: x'],
    ['network ls extra', 1, 'accepts no arguments'],
    ['network ls -f x', 125, "invalid filter 'x'"],
    ['network frob', 1, "'network frob' is not an ns command"],
    ['network create --gateway 10.0.0.1 x', 1, 'every ip-range or gateway must have a corresponding subnet'],
    ['network create --label =x x', 125, 'empty name'],
    ['network create bridge', 1, 'network with name bridge already exists'],
  ])('%s ends with %i', async (words, code, message) => {
    const { exitCode, stderr } = await run(words);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
  });
});
