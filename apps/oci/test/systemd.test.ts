// needs: linux, root, busybox, unshare
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { detect } from '@ns/cgroups';
import { needs, type Requirement } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { exampleConfig } from '../src/commands/spec.js';
import { Runtime, type Outcome } from './harness.js';
import { SystemdHost } from './systemd-host.js';

const file = (path: string, debian: string): Requirement => ({
  name: path,
  missing: () => (existsSync(path) ? undefined : `${path} is not there`),
  package: debian,
});
const REQUIRED = needs(file('/lib/systemd/systemd', 'systemd'), file('/usr/bin/dbus-daemon', 'dbus'));
const isV2 = detect().kind === 'v2';

describe('--systemd-cgroup', REQUIRED, () => {
  let host: SystemdHost;
  let folder = '';
  const runtime = new Runtime();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ns-oci-systemd-'));
    host = await SystemdHost.start();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
    runtime[Symbol.dispose]();
  });

  /** ns-oci beside systemd. Its state is in the /run there. */
  const oci = (...words: string[]): Outcome =>
    host.run(['sh', '-c', 'exec "$@" > /run/out 2> /run/err < /dev/null', 'sh', ...command(words)]);
  const command = (words: readonly string[]): string[] => [
    process.execPath,
    runtime.path,
    '--root',
    '/run/oci',
    '--systemd-cgroup',
    ...words,
  ];
  const output = (): string => host.run(['cat', '/run/out']).stdout;
  const errors = (): string => host.run(['cat', '/run/err']).stdout;
  const must = (...words: string[]): string => {
    const { code } = oci(...words);
    if (code !== 0) throw new Error(`${words.join(' ')}: ${errors()}`);
    return output();
  };

  function bundle(id: string, linux: object, annotations: Record<string, string> = {}): string {
    const path = join(folder, id);
    // The machine's files are read-only there, the bundle with them.
    for (const name of ['bin', 'proc', 'sys', 'dev'])
      mkdirSync(join(path, 'rootfs', name), { recursive: true });
    cpSync('/bin/busybox', join(path, 'rootfs/bin/busybox'));
    for (const applet of ['sh', 'sleep', 'cat']) symlinkSync('busybox', join(path, 'rootfs/bin', applet));
    // oxlint-disable-next-line typescript/no-explicit-any -- a configuration is written into
    const config = exampleConfig(undefined) as any;
    config.process.terminal = false;
    config.process.args = ['sleep', '1000'];
    config.linux = { ...config.linux, ...linux };
    config.annotations = annotations;
    writeFileSync(join(path, 'config.json'), JSON.stringify(config));
    return path;
  }
  /** Where the first process is, by the hierarchy of a controller. */
  const cgroupOf = (pid: number): string =>
    /^(?:\d+:memory|0:):(.*)$/m.exec(host.run(['cat', `/proc/${pid}/cgroup`]).stdout)?.[1] ?? '';
  const control = (path: string, v1: [string, string], v2: string): string =>
    host
      .run(['cat', isV2 ? `/sys/fs/cgroup${path}/${v2}` : `/sys/fs/cgroup/${v1[0]}${path}/${v1[1]}`])
      .stdout.trim();
  const limits = (path: string): string[] => [
    control(path, ['memory', 'memory.limit_in_bytes'], 'memory.max'),
    control(path, ['pids', 'pids.max'], 'pids.max'),
  ];

  test('a container is a unit, with its limits, until it is deleted', () => {
    const resources = {
      memory: { limit: 64 * 2 ** 20 },
      pids: { limit: 33 },
      cpu: { shares: 512, quota: 50_000, period: 100_000 },
      devices: [{ allow: false, access: 'rwm' }],
    };
    const path = bundle(
      'one',
      { cgroupsPath: 'ns-test.slice:box:one', resources },
      {
        'org.systemd.property.TimeoutStopSec': '7',
        'org.systemd.property.CollectMode': "'inactive-or-failed'",
      },
    );
    must('create', '--bundle', path, 'one');
    const { pid, status } = JSON.parse(must('state', 'one')) as { pid: number; status: string };
    expect(status).toBe('created');
    expect(cgroupOf(pid)).toBe('/ns.slice/ns-test.slice/box-one.scope');
    const group = '/ns.slice/ns-test.slice/box-one.scope';
    expect(host.unit('box-one.scope')).toMatchObject({
      ActiveState: 'active',
      Slice: 'ns-test.slice',
      ControlGroup: group,
      Delegate: 'yes',
      [isV2 ? 'MemoryMax' : 'MemoryLimit']: '67108864',
      TasksMax: '33',
      CPUQuotaPerSecUSec: '500ms',
      DevicePolicy: 'strict',
      TimeoutStopUSec: '7s',
      CollectMode: 'inactive-or-failed',
      Description: 'ns-oci container one',
    });
    expect(limits(group)).toEqual(['67108864', '33']);

    // Nobody else is in it: what kept the unit alive has ended.
    must('start', 'one');
    expect(JSON.parse(must('ps', '--format', 'json', 'one'))).toEqual([pid]);

    must('update', '--memory', '96m', '--pids-limit', '44', 'one');
    expect(limits(group)).toEqual([String(96 * 2 ** 20), '44']);
    // systemd sets what it knows again: it must know ours.
    expect(host.run(['systemctl', 'daemon-reload']).code).toBe(0);
    expect(limits(group)).toEqual([String(96 * 2 ** 20), '44']);
    expect(JSON.parse(must('events', '--stats', 'one'))).toMatchObject({
      data: { memory: { usage: { limit: 96 * 2 ** 20 } }, pids: { current: 1, limit: 44 } },
    });

    must('exec', 'one', 'sh', '-c', 'cat /proc/self/status > /dev/null');
    must('pause', 'one');
    expect(must('state', 'one')).toContain('"status": "paused"');
    must('resume', 'one');

    expect(oci('create', '--bundle', path, 'two').code).toBe(1);
    expect(errors()).toContain('systemd: there is a unit box-one.scope');
    expect(must('list', '--quiet')).toBe('one\n');

    must('delete', '--force', 'one');
    expect(host.unit('box-one.scope', 'LoadState')).toEqual({ LoadState: 'not-found' });
    expect(host.run(['find', '/sys/fs/cgroup', '-name', 'box-one.scope']).stdout).toBe('');
  });

  test('a unit that systemd does not make leaves nothing', () => {
    const wrong = bundle(
      'wrong',
      { cgroupsPath: 'system.slice:box:wrong' },
      { 'org.systemd.property.NoSuch': 'true' },
    );
    expect(oci('create', '--bundle', wrong, 'wrong').code).toBe(1);
    expect(errors()).toContain('systemd: StartTransientUnit: ');
    expect(errors()).toContain('NoSuch');
    expect(must('list', '--quiet')).toBe('');
    expect(host.run(['find', '/sys/fs/cgroup', '-name', 'box-wrong.scope']).stdout).toBe('');
    expect(host.run(['pgrep', '-f', 'ns-oci scope']).stdout).toBe('');
  });

  test('a container that fails later leaves no unit', () => {
    const failing = bundle('failing', { cgroupsPath: ':box:failing' });
    expect(oci('create', '--bundle', failing, '--console-socket', '/nowhere', 'failing').code).toBe(1);
    const late = bundle('late', {
      cgroupsPath: ':box:late',
      sysctl: { 'kernel.msgmax': 'none' },
    });
    expect(oci('create', '--bundle', late, 'late').code).toBe(1);
    expect(must('list', '--quiet')).toBe('');
    for (const name of ['failing', 'late']) {
      expect(host.unit(`box-${name}.scope`, 'LoadState')).toEqual({ LoadState: 'not-found' });
    }
  });

  test('one that ends by itself is gone before it is deleted', async () => {
    const path = bundle('short', { cgroupsPath: ':box:short' });
    must('create', '--bundle', path, 'short');
    must('kill', 'short', 'KILL');
    await expect.poll(() => host.unit('box-short.scope', 'LoadState')['LoadState']).toBe('not-found');
    must('delete', basename(path));
    expect(must('list', '--quiet')).toBe('');
  });

  test('without a bus it is refused, and says what to do', () => {
    const path = bundle('none', { cgroupsPath: ':box:none' });
    const { code } = host.run([
      'sh',
      '-c',
      'DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/nowhere exec "$@" 2> /run/err',
      'sh',
      ...command(['create', '--bundle', path, 'none']),
    ]);
    expect(code).toBe(1);
    expect(errors()).toMatch(/systemd: the system bus is not there: .*ENOENT.*\(start systemd and dbus, or /);
    expect(must('list', '--quiet')).toBe('');
  });
});
