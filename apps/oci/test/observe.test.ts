// needs: linux, root, busybox
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openCgroup } from '@ns/cgroups';
import { afterAll, describe, expect, test } from 'vitest';

import { Bench, until } from './harness.js';

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

/** A container that sleeps, and where its cgroup is. */
function sleeper(script = 'sleep 1000'): { id: string; bundle: string } {
  const bundle = bench.bundle(script);
  const id = bench.create(bundle);
  bench.must(['start', id]);
  return { id, bundle };
}
const cgroupOf = (id: string): ReturnType<typeof openCgroup> => openCgroup(`${bench.cgroup}/${id}`);

describe('what is told of containers', () => {
  test('state: runc’s members in runc’s order', () => {
    const { id, bundle } = sleeper();
    const text = bench.must(['state', id]);
    const state = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(state)).toEqual([
      'ociVersion',
      'id',
      'pid',
      'status',
      'bundle',
      'rootfs',
      'created',
      'owner',
    ]);
    expect(state).toMatchObject({ id, status: 'running', bundle, rootfs: join(bundle, 'rootfs') });
    expect(Date.now() - Date.parse(String(state['created']))).toBeLessThan(60_000);
    bench.must(['delete', '--force', id]);
  });

  test('list: a table, JSON, ids; null when there is none', () => {
    expect(bench.must(['list', '-f', 'json'])).toBe('null\n');
    const { id, bundle } = sleeper();
    const { pid, created } = bench.state(id);
    expect(bench.must(['list', '-q'])).toBe(`${id}\n`);
    const [head = '', line = ''] = bench.must(['list']).split('\n');
    expect(head.split(/\s+/)).toEqual(['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER']);
    expect(line.split(/\s+/)).toEqual([id, String(pid), 'running', bundle, created, 'root']);
    expect(JSON.parse(bench.must(['list', '--format', 'json']))).toEqual([
      { ...bench.state(id), owner: 'root' },
    ]);

    // One that nobody can read hides no other.
    writeFileSync(join(bench.root, id, 'state.json'), '{');
    const other = sleeper();
    const { code, stdout, stderr } = bench.sync(['list', '-f', 'json']);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { id: string }[]).map((one) => one.id)).toEqual([other.id]);
    expect(stderr).toContain(`the state of ${id} is no JSON`);
    bench.must(['delete', '--force', id]);
    bench.must(['delete', '--force', other.id]);
  });

  test('ps: pids, and lines of ps', async () => {
    const { id } = sleeper('sleep 998 & sleep 999 & wait');
    const pids = JSON.parse(bench.must(['ps', '-f', 'json', id])) as number[];
    expect(pids).toHaveLength(3);
    const lines = bench.must(['ps', id, '-o', 'pid,args']).trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]?.trim()).toBe('PID COMMAND');
    expect(lines.join('\n')).toContain(`${pids[0]} sh -c sleep 998`);
    expect(bench.sync(['ps', id, '-o', 'args']).stderr).toContain('there is no column PID');
    await cgroupOf(id).kill();
    expect(bench.must(['ps', '-f', 'json', id])).toBe('[]\n');
    bench.must(['delete', id]);
  });
});

describe('events', () => {
  test('statistics in runc’s form', () => {
    const { id } = sleeper();
    bench.must(['update', '--memory', '64m', '--pids-limit', '50', id]);
    const event = JSON.parse(bench.must(['events', '--stats', id])) as Record<
      string,
      Record<string, unknown>
    >;
    expect(event).toMatchObject({
      type: 'stats',
      id,
      data: {
        cpu: { usage: { total: expect.any(Number), kernel: expect.any(Number) }, throttling: { periods: 0 } },
        memory: {
          usage: { limit: 64 * 2 ** 20, usage: expect.any(Number), failcnt: 0 },
          raw: expect.any(Object),
        },
        pids: { current: 1, limit: 50 },
        intel_rdt: {},
        network_interfaces: null,
      },
    });
    // Only version 1 tells these.
    const { usage } = (event['data'] as { cpu: { usage: Record<string, number[]> } }).cpu;
    const processors = cgroupOf(id).layout.kind === 'v2' ? undefined : usage['percpu']?.length;
    expect([usage['percpu_kernel']?.length, usage['percpu_user']?.length]).toEqual([processors, processors]);
    expect(Object.keys(event['data'] ?? {})).toEqual([
      'cpu',
      'cpuset',
      'memory',
      'pids',
      'blkio',
      'hugetlb',
      'intel_rdt',
      'network_interfaces',
    ]);
    bench.must(['delete', '--force', id]);
    expect(bench.sync(['events', '--stats', id]).stderr).toContain('container does not exist');
  });

  test('again and again, and that memory ran out, until the container ends', async () => {
    const { id } = sleeper(
      'until [ -e /tmp/go ]; do sleep 0.05; done; (head -c 200000000 /dev/zero | busybox tail) ; sleep 1000',
    );
    bench.must(['update', '--memory', '16m', '--memory-swap', '16m', id]);
    const events = bench.spawn(['events', '--interval', '100ms', id]);
    let output = '';
    events.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until(() => output.includes('"type":"stats"'), 'statistics', 10_000);
    writeFileSync(join(String(bench.state(id)['rootfs']), 'tmp/go'), '');
    await until(() => output.includes(`{"type":"oom","id":"${id}"}\n`), 'an event of memory', 20_000);
    // It may have been the one that the kernel chose.
    bench.sync(['kill', id, 'KILL']);
    await until(() => events.exitCode !== null, 'its end', 10_000);
    expect(events.exitCode).toBe(0);
    const kinds = output
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(new Set(kinds)).toEqual(new Set(['stats', 'oom']));
    bench.must(['delete', '--force', id]);
  });
});

describe('update', () => {
  test('changes what is said, by flags and by a file', () => {
    const { id } = sleeper();
    const limits = (): object => {
      const { memory, pids } = cgroupOf(id).stats();
      return { memory: memory?.limitBytes, pids: pids?.limit };
    };
    bench.must(['update', '--memory', '100m', '--pids-limit', '20', id]);
    expect(limits()).toEqual({ memory: 100 * 2 ** 20, pids: 20 });
    const file = join(bench.directory, 'limits');
    writeFileSync(
      file,
      '{"memory":{"limit":134217728},"pids":{"limit":-1},"devices":[{"allow":true,"access":"rwm"}]}',
    );
    bench.must(['update', '--resources', file, id]);
    expect(limits()).toEqual({ memory: 128 * 2 ** 20, pids: 'unlimited' });
    expect(bench.sync(['update', '-r', '-', id], { input: '{"memory":{"limit":-1}}' })).toMatchObject({
      code: 0,
    });
    expect(limits()).toEqual({ memory: 'unlimited', pids: 'unlimited' });
    bench.must(['update', '--cpu-quota', '50000', '--cpu-period', '100000', '--cpu-share', '512', id]);
    const cpu = cgroupOf(id).directory('cpu');
    const v2 = cgroupOf(id).layout.kind === 'v2';
    expect(readFileSync(`${cpu}/${v2 ? 'cpu.max' : 'cpu.cfs_quota_us'}`, 'utf8').trim()).toBe(
      v2 ? '50000 100000' : '50000',
    );
    bench.must(['delete', '--force', id]);
  });

  test('does not touch the devices', () => {
    const { id } = sleeper();
    const list = (): string => {
      const directory = cgroupOf(id).directory('devices');
      return directory === undefined ? '' : readFileSync(`${directory}/devices.list`, 'utf8');
    };
    const before = list();
    expect(
      bench.sync(['update', '-r', '-', id], {
        input: '{"devices":[{"allow":true,"access":"rwm"}],"pids":{"limit":9}}',
      }).code,
    ).toBe(0);
    expect(list()).toBe(before);
    bench.must(['delete', '--force', id]);
  });

  test('refuses what cannot be', () => {
    const { id } = sleeper();
    for (const [flags, message] of [
      [['--memory', '1k'], 'update: memory limit 1024 is below the minimum of 512 KiB'],
      [['--blkio-weight', '5'], 'update: io weight 5 is not a whole number from 10 to 1000'],
      [['--cpuset-cpus', '0-x'], 'update: cpuset cpus "0-x" is no list of numbers'],
      [['--memory', '10m', '--memory-swap', '5m'], 'update: the limit of memory and swap together'],
    ] as const) {
      expect(bench.sync(['update', ...flags, id])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(message),
      });
    }
    bench.must(['delete', '--force', id]);
  });
});

test.each([
  [
    'an unknown namespace',
    (config: { linux: { namespaces: object[] } }) => config.linux.namespaces.push({ type: 'net' }),
    'linux.namespaces[6].type: "net"',
  ],
  [
    'a negative uid',
    (config: { process: { user: { uid: number } } }) => (config.process.user.uid = -1),
    'process.user.uid: -1',
  ],
  [
    'a root that is a link',
    (config: { root: { path: string } }) => (config.root.path = 'rootfs/bin/sh'),
    'root.path: "rootfs/bin/sh" is a symbolic link',
  ],
])('%s: nothing is created', (_name, change, message) => {
  const bundle = bench.bundle('true', change as never);
  const log = join(bundle, 'log');
  expect(
    bench.sync(['--log', log, '--log-format', 'json', 'run', '--bundle', bundle, 'hostile']),
  ).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining(`config.json: ${message}`),
  });
  expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({
    level: 'error',
    msg: expect.stringContaining(message),
  });
  expect(bench.must(['list', '-q']).split('\n')).not.toContain('hostile');
  expect(() => openCgroup(`${bench.cgroup}/${bundle.split('/').at(-1)}`)).toThrow('there is no cgroup');
});
