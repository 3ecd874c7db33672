// needs: linux, root, x64, busybox, qemu-system
/** What a hostile guest finds that has taken over the process of its virtual machine. */
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import type { Container, ContainerSpec } from '@ns/execdriver';
import { BusyboxRoot, TIME_LIMIT_MS } from '@ns/testing/drivers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { create } from './factory.js';

describe('the process of a virtual machine', { timeout: TIME_LIMIT_MS }, () => {
  let root: BusyboxRoot;
  let directory: string;
  let container: Container;

  beforeAll(async () => {
    root = new BusyboxRoot();
    directory = mkdtempSync(join(tmpdir(), 'ns-qemu-'));
    writeFileSync(join(directory, 'secret'), 'secret');
    const spec: ContainerSpec = {
      id: 'hostile',
      root: { kind: 'directory', path: root.path },
      process: { args: ['/bin/sh'], env: ['PATH=/bin'] },
      mounts: [{ type: 'bind', source: directory, target: '/mnt', readonly: true }],
    };
    container = await create({ stateRoot: join(directory, 'state') }).create(spec);
    await container.start();
  }, TIME_LIMIT_MS);

  afterAll(async () => {
    await container?.destroy();
    root?.[Symbol.dispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  /** A script in the container, as its root with Docker's capabilities. */
  async function sh(script: string): Promise<string> {
    const executed = await container.exec({ args: ['/bin/sh', '-c', script], env: ['PATH=/bin'] });
    executed.streams.stdin!.end();
    const [output] = await Promise.all([
      text(executed.streams.stdout!),
      text(executed.streams.stderr!),
      executed.wait(),
    ]);
    return output;
  }

  const proc = (path: string): string => `/proc/${container.pid}/${path}`;
  const mount = (point: string): string | undefined =>
    readFileSync(proc('mountinfo'), 'utf8')
      .split('\n')
      .findLast((line) => line.split(' ')[4] === point)
      ?.split(' ')[5];

  test('sees programs of the host, read-only, and none of its data', () => {
    const seen = readdirSync(proc('root'));
    expect(seen.filter((name) => !/^(bin|lib\w*|usr)$/.test(name)).toSorted()).toEqual([
      'dev',
      'etc',
      'export',
      'initrd',
      'kernel',
      'proc',
      'tmp',
    ]);
    expect(readdirSync(proc('root/etc'))).toEqual(['ld.so.cache']);
    expect(readdirSync(proc('root/dev'))).toEqual(['null']);
    expect(readdirSync(proc('root/export')).toSorted()).toEqual(['mount-0', 'programs', 'root']);
    expect(
      [mount('/'), mount('/usr'), mount('/export/mount-0')].map((options) => options?.split(',')[0]),
    ).toEqual(['ro', 'ro', 'ro']);
  });

  test('opens no devices in the container’s files', async () => {
    execFileSync('mknod', [join(root.path, 'disk'), 'b', '7', '0']);
    expect(await sh('cat /disk || echo refused')).toBe('refused\n');
    expect(() => openSync(proc('root/export/root/disk'), 'r')).toThrow('EACCES');
    expect(mount('/export/root')).toMatch(/nosuid,nodev/);
  });

  test('has the capabilities that files take, and no others, for good', () => {
    const status = readFileSync(proc('status'), 'latin1');
    // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD, SETFCAP
    for (const set of ['Prm', 'Eff', 'Bnd']) expect(status).toContain(`Cap${set}:\t000000008800001b`);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
  });

  test('is in namespaces of its own', () => {
    for (const kind of ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup']) {
      expect(readlinkSync(proc(`ns/${kind}`)), kind).not.toBe(readlinkSync(`/proc/self/ns/${kind}`));
    }
  });

  test('cannot change what is mounted read-only, whatever the guest’s kernel does', () => {
    expect(() => writeFileSync(proc('root/export/mount-0/secret'), '')).toThrow('EROFS');
    expect(() => writeFileSync(proc('root/export/programs/0'), '')).toThrow('EROFS');
    expect(() => writeFileSync(proc('root/export/file'), '')).toThrow('EROFS');
  });

  test('keeps little of what the guest’s kernel says', async () => {
    await sh('mknod /dev/serial c 4 64; yes | head -c 100000 > /dev/serial');
    const { size } = statSync(join(directory, 'state/hostile/driver/console'));
    expect(size).toBeGreaterThan(1000);
    expect(size).toBeLessThanOrEqual(64 * 1024);
  });
});
