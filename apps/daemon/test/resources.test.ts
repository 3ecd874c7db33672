import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { StatsResponse } from '@ns/engine-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { FakeContainer } from './fake-driver.js';
import { type Harness, harness, run, shell, until } from './harness.js';

let h: Harness;
beforeAll(async () => {
  h = await harness();
});
afterAll(() => h[Symbol.asyncDispose]());

const MIB = 2 ** 20;
const create = async (HostConfig: object = {}): Promise<string> =>
  (await h.client.containerCreate(shell('trap "exit 7" TERM; while :; do sleep 0.05; done', { HostConfig })))
    .Id;
const started = async (HostConfig: object = {}): Promise<string> => {
  const id = await create(HostConfig);
  await h.client.containerStart(id);
  return id;
};
const driverOf = (id: string): FakeContainer => h.driver.containers.get(id) as FakeContainer;
const state = async (id: string): Promise<object> => (await h.client.containerInspect(id)).State;
const remove = (id: string): Promise<void> => h.client.containerRemove(id, { force: true });
const recordOf = (id: string): { hostConfig: object } =>
  JSON.parse(readFileSync(`${h.directory}/data/containers/${id}/config.json`, 'utf8')) as {
    hostConfig: object;
  };
const eventsOf = async (id: string): Promise<string[]> => {
  const seen: string[] = [];
  const end = String(Date.now() / 1000 + 0.1);
  for await (const event of h.client.events({ since: '1', until: end, filters: { container: [id] } })) {
    seen.push(event.Action);
  }
  return seen;
};

describe('limits', () => {
  it('reach the driver, and inspect shows them', async () => {
    const id = await started({
      Memory: 64 * MIB,
      NanoCpus: 1.5e9,
      PidsLimit: 9,
      CgroupParent: '/mine',
      Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '', CgroupPermissions: 'r' }],
    });
    const { spec } = driverOf(id);
    expect(spec.cgroup).toBe(`/mine/${id}`);
    expect(spec.resources).toMatchObject({
      memory: { limitBytes: 64 * MIB, memorySwapBytes: 128 * MIB },
      cpu: { nanoCpus: 1.5e9 },
      pids: { limit: 9 },
    });
    expect(spec.resources?.devices?.at(-1)).toMatchObject({ major: 10, minor: 229, access: 'r' });
    const { HostConfig } = await h.client.containerInspect(id);
    expect(HostConfig).toMatchObject({ Memory: 64 * MIB, MemorySwap: 128 * MIB, CgroupParent: '/mine' });
    await remove(id);
  });

  it('are refused before anything is created', async () => {
    const before = (await h.client.containerList({ all: true })).length;
    await expect(create({ Memory: MIB })).rejects.toThrow('Minimum memory limit allowed is 6MB');
    await expect(create({ CgroupParent: 'x.slice' })).rejects.toThrow('is a slice of systemd');
    await expect(create({ Devices: [{ PathOnHost: '/dev/nope' }] })).rejects.toThrow(
      'no such file or directory',
    );
    await expect(create({ BlkioDeviceReadBps: [{ Path: '/dev/null', Rate: 1 }] })).rejects.toThrow(
      'is not a block device',
    );
    expect(await h.client.containerList({ all: true })).toHaveLength(before);
  });
});

describe('pause', () => {
  it('is seen in inspect, list, filters and info, and ends with unpause', async () => {
    const id = await started();
    await h.client.containerPause(id);
    expect(driverOf(id).status).toBe('paused');
    expect(await state(id)).toMatchObject({ Status: 'paused', Running: true, Paused: true });
    const [listed] = await h.client.containerList({ filters: { status: ['paused'] } });
    expect(listed).toMatchObject({
      Id: id,
      State: 'paused',
      Status: expect.stringMatching(/^Up .* \(Paused\)$/),
    });
    expect((await h.client.containerList()).map(({ Id }) => Id)).toContain(id);
    expect(await h.client.info()).toMatchObject({ ContainersPaused: 1, ContainersRunning: 0 });
    await h.client.containerUnpause(id);
    expect(driverOf(id).status).toBe('running');
    expect(await state(id)).toMatchObject({ Status: 'running', Running: true, Paused: false });
    expect(await eventsOf(id)).toEqual(['create', 'start', 'pause', 'unpause']);
    await remove(id);
  });

  it('is refused where it makes no sense', async () => {
    const id = await create();
    await expect(h.client.containerPause(id)).rejects.toThrow('is not running');
    await expect(h.client.containerUnpause(id)).rejects.toThrow('is not running');
    await h.client.containerStart(id);
    await expect(h.client.containerUnpause(id)).rejects.toThrow(`Container ${id} is not paused`);
    await h.client.containerPause(id);
    await expect(h.client.containerPause(id)).rejects.toThrow(`Container ${id} is already paused`);
    await remove(id);
  });

  it('keeps others from using the container', async () => {
    const id = await started();
    const exec = await h.client.execCreate(id, { Cmd: ['true'] });
    await h.client.containerPause(id);
    const paused = `Container ${id} is paused, unpause the container before`;
    await expect(h.client.execCreate(id, { Cmd: ['true'] })).rejects.toThrow(`${paused} exec`);
    await expect(h.client.execStart(exec.Id)).rejects.toThrow(`${paused} exec`);
    await expect(h.client.containerStart(id)).rejects.toThrow('cannot start a paused container');
    await expect(h.client.containerRemove(id)).rejects.toThrow('is paused and must be unpaused first');
    expect((await h.client.containerTop(id)).Processes).toHaveLength(1);
    await h.client.containerUnpause(id);
    await h.client.execStart(exec.Id);
    await remove(id);
  });

  it('ends when the container is to end', async () => {
    for (const end of [
      (id: string) => h.client.containerStop(id),
      (id: string) => h.client.containerKill(id),
      (id: string) => h.client.containerKill(id, 'TERM'),
    ]) {
      const id = await started();
      await h.client.containerPause(id);
      const container = driverOf(id);
      await end(id);
      await until('it has ended', async () => !(await h.client.containerInspect(id)).State.Running);
      expect(container.status).toBe('stopped');
      expect(await eventsOf(id)).toEqual(expect.arrayContaining(['pause', 'kill', 'unpause', 'die']));
      await remove(id);
    }
  });

  it('leaves a container paused that gets another signal', async () => {
    const id = await started();
    await h.client.containerPause(id);
    await h.client.containerKill(id, 'WINCH');
    expect(await state(id)).toMatchObject({ Paused: true });
    await h.client.containerRestart(id, { t: 1 });
    expect(await state(id)).toMatchObject({ Paused: false, Running: true });
    await h.client.containerPause(id);
    await remove(id);
    await expect(state(id)).rejects.toThrow('No such container');
  });

  it('outlives the daemon', async () => {
    const id = await started();
    await h.client.containerPause(id);
    await h.restart();
    expect(await state(id)).toMatchObject({ Status: 'paused', Paused: true });
    await h.client.containerUnpause(id);
    await remove(id);
  });
});

describe('update', () => {
  it('changes a running container, and its record', async () => {
    const id = await started({ Memory: 64 * MIB });
    const answer = await h.client.containerUpdate(id, {
      Memory: 32 * MIB,
      CpuShares: 512,
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    });
    expect(answer).toEqual({ Warnings: [] });
    expect(driverOf(id).updates).toEqual([
      { memory: { limitBytes: 32 * MIB, memorySwapBytes: 128 * MIB }, cpu: { shares: 512 } },
    ]);
    expect(recordOf(id).hostConfig).toMatchObject({
      Memory: 32 * MIB,
      MemorySwap: 128 * MIB,
      CpuShares: 512,
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    });
    expect(await eventsOf(id)).toContain('update');
    await remove(id);
  });

  it('gives as much swap as memory where neither was limited', async () => {
    const id = await started();
    await h.client.containerUpdate(id, { Memory: 32 * MIB });
    expect(driverOf(id).updates).toEqual([{ memory: { limitBytes: 32 * MIB, memorySwapBytes: 64 * MIB } }]);
    await remove(id);
  });

  it('of a container that does not run has its effect at the next start', async () => {
    const id = await create({ NanoCpus: 1e9 });
    await h.client.containerUpdate(id, { NanoCpus: 2e9 });
    await h.client.containerStart(id);
    expect(driverOf(id).spec.resources).toEqual({ cpu: { nanoCpus: 2e9 } });
    await remove(id);
  });

  it('changes nothing when the driver refuses', async () => {
    const id = await started({ Memory: 64 * MIB });
    driverOf(id).update = () => Promise.reject(new Error('too little'));
    await expect(h.client.containerUpdate(id, { Memory: 32 * MIB })).rejects.toThrow('too little');
    expect((await h.client.containerInspect(id)).HostConfig).toMatchObject({ Memory: 64 * MIB });
    expect(recordOf(id).hostConfig).toMatchObject({ Memory: 64 * MIB });
    await remove(id);
  });

  it.each([
    [{}, { Memory: MIB }, 'Minimum memory limit allowed is 6MB'],
    [{ Memory: 16 * MIB }, { Memory: 64 * MIB }, 'update the memoryswap at the same time'],
    [{ Memory: 64 * MIB }, { MemorySwap: 32 * MIB }, 'Minimum memoryswap limit should be larger'],
    [{ Memory: 64 * MIB }, { MemoryReservation: 65 * MIB }, 'can not be less than memory reservation limit'],
    [
      { CpuPeriod: 5000 },
      { NanoCpus: 1e9 },
      'Nano CPUs cannot be updated as CPU Period has already been set',
    ],
    [{ NanoCpus: 1e9 }, { CpuQuota: 5000 }, 'CPU Quota cannot be updated as NanoCPUs has already been set'],
    [{ AutoRemove: true }, { RestartPolicy: { Name: 'always' } }, 'because AutoRemove is enabled'],
    [{}, { RestartPolicy: { Name: 'often' } }, "unknown policy 'often'"],
    [{}, { Memory: 'much' }, 'Memory'],
  ])('%j with %j is refused', async (host, change, message) => {
    const id = await create(host);
    await expect(h.client.containerUpdate(id, change as object)).rejects.toThrow(message);
    await remove(id);
  });
});

describe('stats', () => {
  const statistics = {
    cpu: {
      usageUs: 3000,
      userUs: 2000,
      systemUs: 1000,
      periods: 0,
      throttledPeriods: 0,
      throttledUs: 0,
      bursts: 0,
      burstUs: 0,
    },
    pids: { current: 2, limit: 'unlimited' },
  } as const;

  it('come as one, with or without the reading before', async () => {
    const id = await started();
    driverOf(id).statistics = statistics;
    const ask = async (options: object): Promise<StatsResponse> =>
      (await h.client.containerStats(id, options).next()).value as StatsResponse;
    const shot = await ask({ stream: false, 'one-shot': true });
    expect(shot).toMatchObject({
      id,
      name: expect.stringMatching(/^\/\w+/),
      preread: '0001-01-01T00:00:00Z',
      pids_stats: { current: 2 },
      cpu_stats: { cpu_usage: { total_usage: 3_000_000 } },
      precpu_stats: { cpu_usage: { total_usage: 0 } },
    });
    expect(shot).not.toHaveProperty('networks');
    const both = await ask({ stream: false });
    expect(both.precpu_stats?.cpu_usage).toEqual(both.cpu_stats?.cpu_usage);
    expect(both.cpu_stats?.system_cpu_usage).toBeGreaterThan(both.precpu_stats?.system_cpu_usage ?? Infinity);
    expect(Date.parse(both.read) - Date.parse(both.preread)).toBeGreaterThanOrEqual(990);
    await remove(id);
  });

  it('come as a stream, which ends with the container', async () => {
    const id = await started();
    const seen: StatsResponse[] = [];
    for await (const one of h.client.containerStats(id)) {
      seen.push(one);
      if (seen.length === 2) await h.client.containerKill(id);
    }
    expect(seen.length).toBe(2);
    expect(seen[1]?.preread).toBe(seen[0]?.read);
    await remove(id);
  });

  it('are empty for a container that does not run', async () => {
    const { id } = await run(h.client, shell('true'));
    for (const options of [{}, { stream: false }]) {
      const seen: StatsResponse[] = [];
      for await (const one of h.client.containerStats(id, options)) seen.push(one);
      expect(seen).toMatchObject([{ id, read: '0001-01-01T00:00:00Z', memory_stats: {} }]);
    }
    await remove(id);
  });

  it('are read for nobody when the client has left', async () => {
    const id = await started();
    let reads = 0;
    driverOf(id).stats = async () => {
      reads += 1;
      return statistics;
    };
    for await (const _ of h.client.containerStats(id)) break;
    await sleep(1200);
    expect(reads).toBe(1);
    await remove(id);
  });
});

describe('a driver without control groups', () => {
  it('is not asked for limits, and says so when the user does', async () => {
    const { resources, pause } = h.driver.info.abilities;
    Object.assign(h.driver.info.abilities, { resources: false, pause: false });
    try {
      const id = await started({ Devices: [{ PathOnHost: '/dev/fuse' }] });
      expect(driverOf(id).spec).not.toHaveProperty('resources');
      expect(driverOf(id).spec).not.toHaveProperty('cgroup');
      await expect(create({ Memory: 64 * MIB })).rejects.toThrow('driver fake has no limits by cgroups');
      await expect(h.client.containerPause(id)).rejects.toThrow('driver fake has no pause');
      await expect(h.client.containerUpdate(id, { CpuShares: 3 })).rejects.toThrow(
        'driver fake has no update',
      );
      await expect(h.client.containerStats(id).next()).rejects.toThrow('driver fake has no stats');
      expect(await h.client.info()).toMatchObject({
        MemoryLimit: false,
        CgroupDriver: 'none',
        CgroupVersion: '',
      });
      await remove(id);
    } finally {
      Object.assign(h.driver.info.abilities, { resources, pause });
    }
    expect(await h.client.info()).toMatchObject({
      MemoryLimit: true,
      PidsLimit: true,
      CgroupDriver: 'cgroupfs',
      CgroupVersion: '1',
    });
  });
});
