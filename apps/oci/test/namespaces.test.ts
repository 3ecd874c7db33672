// needs: linux, root, busybox, ip
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { afterAll, describe, expect, test } from 'vitest';

import { Bench } from './harness.js';

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

describe('namespaces', () => {
  test('of another container are joined by their paths', () => {
    const first = bench.create(bench.bundle('sleep 100', (config) => (config.hostname = 'pod')));
    bench.must(['start', first]);
    const { pid } = bench.state(first);
    const bundle = bench.bundle(
      'hostname; cat /proc/1/comm; for n in net ipc uts pid mnt; do readlink /proc/self/ns/$n; done',
      (config) => {
        delete config.hostname;
        config.linux.sysctl = { 'net.ipv4.ip_forward': '1' };
        for (const namespace of config.linux.namespaces) {
          const kind = { network: 'net', ipc: 'ipc', uts: 'uts', pid: 'pid' }[namespace.type as string];
          if (kind !== undefined) namespace.path = `/proc/${pid}/ns/${kind}`;
        }
      },
    );
    const { stdout } = bench.run(bundle);
    const [hostname, comm, ...ids] = stdout.trim().split('\n');
    expect(hostname).toBe('pod');
    expect(comm).toBe('sleep');
    expect(ids.slice(0, 4)).toEqual(
      ['net', 'ipc', 'uts', 'pid'].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`)),
    );
    expect(ids[4]).not.toBe(readlinkSync(`/proc/${pid}/ns/mnt`));
    bench.must(['delete', '--force', first]);
  });

  test('of the host: the processes of the container are ended all the same', () => {
    const bundle = bench.bundle('sleep 1000 & sleep 1000 & exec sleep 1000', (config) => {
      config.linux.namespaces = config.linux.namespaces.filter(
        ({ type }: { type: string }) => type !== 'pid',
      );
    });
    const id = bench.create(bundle);
    bench.must(['start', id]);
    bench.must(['delete', '--force', id]);
    expect(bench.sync(['state', id]).code).toBe(1);
  });

  test('a user namespace is joined by its path', needs('user-namespaces'), () => {
    const mapped = (config: { linux: Record<string, unknown> }): void => {
      config.linux['uidMappings'] = [{ containerID: 0, hostID: 100_000, size: 1000 }];
      config.linux['gidMappings'] = [{ containerID: 0, hostID: 100_000, size: 1000 }];
    };
    const first = bench.create(
      bench.bundle('sleep 100', (config) => {
        config.linux.namespaces.push({ type: 'user' });
        mapped(config);
      }),
    );
    bench.must(['start', first]);
    const { pid } = bench.state(first);
    const bundle = bench.bundle('id -u; readlink /proc/self/ns/user', (config) => {
      config.linux.namespaces.push({ type: 'user', path: `/proc/${pid}/ns/user` });
    });
    const { stdout, stderr } = bench.run(bundle);
    expect(stderr).not.toContain('ns-oci:');
    expect(stdout).toBe(`0\n${readlinkSync(`/proc/${pid}/ns/user`)}\n`);
    // exec becomes root of it, too.
    expect(bench.sync(['exec', first, 'id', '-u']).stdout).toBe('0\n');
    bench.must(['delete', '--force', first]);
  });

  test('time has its offsets', needs('time-namespaces'), () => {
    const bundle = bench.bundle('cat /proc/uptime', (config) => {
      config.linux.namespaces.push({ type: 'time' });
      config.linux.timeOffsets = { boottime: { secs: 1_000_000, nanosecs: 0 } };
    });
    expect(Number(bench.run(bundle).stdout.split(' ')[0])).toBeGreaterThan(1_000_000);
  });
});

describe('network devices', () => {
  test('are moved with their addresses, and renamed', () => {
    const bundle = bench.bundle('ip -o addr show dev inside; ip -o link show dev inside', (config) => {
      config.linux.netDevices = { given0: { name: 'inside' } };
    });
    const [node, words] = bench.command(['run', '--bundle', bundle, 'netdev']);
    const script =
      'ip link add given0 type veth peer name other0 && ip addr add 10.9.0.2/24 dev given0 && ip link set given0 up && ip link set other0 up && "$@"; ip -o link show given0';
    const { stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script, 'sh', node, ...words], {
      encoding: 'utf8',
    });
    expect(stdout).toContain('inet 10.9.0.2/24');
    expect(stdout).toMatch(/inside@\S+ <[A-Z,]*\bUP\b/);
    expect(stderr).toContain('"given0" does not exist');
  });

  test('that are not there stop the creation', () => {
    const bundle = bench.bundle('true', (config) => (config.linux.netDevices = { nosuch0: {} }));
    expect(bench.run(bundle)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no interface nosuch0'),
    });
  });
});

describe('a user without privilege', () => {
  test('runs a rootless bundle', needs('user-namespaces'), () => {
    const uid = 4711;
    const bundle = bench.bundle('');
    const home = join(bench.directory, 'home');
    mkdirSync(home);
    for (const path of [home, bundle, join(bundle, 'rootfs')]) chownSync(path, uid, uid);
    chmodSync(bench.directory, 0o755);
    const as = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(
        'setpriv',
        [
          `--reuid=${uid}`,
          `--regid=${uid}`,
          '--clear-groups',
          process.execPath,
          bench.runtime.path,
          '--root',
          join(home, 'state'),
          ...words,
        ],
        { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: home }, cwd: '/' },
      );
    execFileSync('rm', [join(bundle, 'config.json')]);
    expect(as('spec', '--rootless', '--bundle', bundle)).toMatchObject({ status: 0 });
    const file = join(bundle, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    config.process.terminal = false;
    config.process.args = ['sh', '-c', 'id -u; cat /proc/self/uid_map; echo > /dev/null && exit 6'];
    writeFileSync(file, JSON.stringify(config));
    const outcome = as('run', '--bundle', bundle, 'rootless');
    expect(`${outcome.status} ${outcome.stdout.replaceAll(/ +/g, ' ')}`).toBe(`6 0\n 0 ${uid} 1\n`);
    expect(as('list', '--quiet').stdout).toBe('');
  });
});
