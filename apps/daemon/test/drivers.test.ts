import type { DriverModule } from '@ns/execdriver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Runtime } from '../src/drivers/builtin.js';
import { FakeDriver } from './fake-driver.js';
import { type Harness, harness, run, shell, until } from './harness.js';

/** A driver like the good old chroot. */
const plain = new FakeDriver();
Object.assign(plain, {
  info: {
    ...plain.info,
    name: 'plain',
    abilities: {
      ...plain.info.abilities,
      namespaces: [],
      joinNamespaces: false,
      mounts: ['bind'],
      capabilities: false,
      seccomp: false,
      apparmor: false,
      resources: false,
      pause: false,
      rlimits: false,
      network: false,
      hostname: false,
      driverConfig: false,
    },
  },
});
const module = (driver: FakeDriver, probe: DriverModule['probe']): DriverModule => ({
  info: driver.info,
  probe,
  create: () => driver,
});
const runtimes: Runtime[] = [
  { name: 'plain', load: async () => module(plain, async () => ({ available: true, version: 'plain 7' })) },
  {
    name: 'missing',
    path: '/usr/bin/missing',
    load: async () =>
      module(new FakeDriver(), async () => ({
        available: false,
        reason: 'missing is not installed',
        hint: 'apt-get install missing',
      })),
  },
  { name: 'broken', load: () => Promise.reject(new Error('a syntax error')) },
];

let h: Harness;
beforeAll(async () => {
  h = await harness({ runtimes });
});
afterAll(() => h[Symbol.asyncDispose]());

const refusal = async (host: object): Promise<Error & { status?: number; hint?: string }> =>
  await h.client.containerCreate(shell('true', { HostConfig: host })).then(
    () => expect.fail('was created'),
    (error: Error) => error,
  );

describe('drivers', () => {
  it('are told by info, with what they need', async () => {
    const info = await h.client.info();
    expect(info.DefaultRuntime).toBe('fake');
    expect(Object.keys(info.Runtimes)).toEqual(['fake', 'plain']);
    expect(info.NsDrivers).toEqual([
      { Name: 'fake', Driver: 'fake', Version: '0.0.0', Available: true },
      { Name: 'plain', Driver: 'plain', Version: '0.0.0', Available: true, ComponentVersion: 'plain 7' },
      {
        Name: 'missing',
        Driver: 'fake',
        Version: '0.0.0',
        Path: '/usr/bin/missing',
        Available: false,
        Reason: 'missing is not installed',
        Hint: 'apt-get install missing',
      },
      { Name: 'broken', Driver: '', Version: '', Available: false, Reason: 'a syntax error' },
    ]);
  });

  it('are chosen by container, and told by inspect', async () => {
    const { id, code } = await run(h.client, shell('exit 3', { HostConfig: { Runtime: 'plain' } }));
    expect(code).toBe(3);
    const { HostConfig } = await h.client.containerInspect(id);
    expect(HostConfig).toMatchObject({
      Runtime: 'plain',
      NetworkMode: 'host',
      PidMode: 'host',
      IpcMode: 'host',
    });
    const { id: other } = await run(h.client, shell('true'));
    expect((await h.client.containerInspect(other)).HostConfig.Runtime).toBe('fake');
  });

  it('are refused when there is none of that name, or it cannot work here', async () => {
    expect((await refusal({ Runtime: 'nope' })).message).toContain('unknown or invalid runtime name: nope');
    const { message, hint } = await refusal({ Runtime: 'missing' });
    expect(message).toContain('missing is not installed');
    expect(hint).toBe('apt-get install missing');
    expect((await refusal({ Runtime: 'broken' })).message).toContain('a syntax error');
  });

  it('that can do less are asked for less, and the user is told', async () => {
    const { Warnings } = await h.client.containerCreate(shell('true', { HostConfig: { Runtime: 'plain' } }));
    expect(Warnings).toEqual([
      "Driver plain: the container is in the host's mnt, pid, ipc, uts, cgroup, net namespaces",
    ]);
  });

  it.each<[string, object]>([
    ['network', { NetworkMode: 'bridge' }],
    ['pid namespaces', { PidMode: 'private' }],
    ['limits', { Memory: 64 * 1024 * 1024 }],
    ['capabilities', { CapAdd: ['NET_ADMIN'] }],
    ['seccomp', { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }],
    ['mounts', { Tmpfs: { '/x': '' } }],
    ['settings', { LxcConf: [{ Key: 'lxc.a', Value: 'b' }] }],
  ])('refuse what they lack: %s', async (_, host) => {
    const { message } = await refusal({ Runtime: 'plain', ...host });
    expect(message).toContain('driver plain');
  });

  it('are given settings in their own words', async () => {
    const LxcConf = [{ Key: 'lxc.cap.drop', Value: 'sys_time' }];
    const { Id } = await h.client.containerCreate(shell('exec sleep 10', { HostConfig: { LxcConf } }));
    await h.client.containerStart(Id);
    expect(h.driver.containers.get(Id)?.spec.driverConfig).toEqual([['lxc.cap.drop', 'sys_time']]);
    await h.client.containerRemove(Id, { force: true });
  });

  it('take up their own containers after the daemon', async () => {
    const { Id } = await h.client.containerCreate(
      shell('read x; exit 4', { OpenStdin: true, HostConfig: { Runtime: 'plain' } }),
    );
    await h.client.containerStart(Id);
    await h.restart();
    expect((await h.client.containerInspect(Id)).State.Status).toBe('running');
    expect(plain.containers.has(Id)).toBe(true);
    expect(h.driver.containers.has(Id)).toBe(false);
    const { stream } = await h.client.containerAttach(Id, { stream: true, stdin: true });
    stream.write('go\n');
    await until('it has ended', async () => (await h.client.containerInspect(Id)).State.ExitCode === 4);
    stream.destroy();
    await h.client.containerRemove(Id);
  });
});
