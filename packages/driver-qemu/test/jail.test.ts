// needs: linux, root, x64, busybox, qemu-system
/** What a hostile guest finds that has taken over the process of its virtual machine. */
import {
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
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

/** As many as may be had over its own kernel. */
const RIGHTS = {
  capabilities: ['SYS_ADMIN', 'MKNOD', 'DAC_OVERRIDE', 'FOWNER', 'CHOWN', 'LINUX_IMMUTABLE'],
  seccomp: 'unconfined',
} as const;

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
  async function sh(script: string, rights: Partial<typeof RIGHTS> = {}): Promise<string> {
    const executed = await container.exec({
      args: ['/bin/sh', '-c', script],
      env: ['PATH=/bin'],
      ...rights,
    });
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
    expect(await sh('mknod /disk b 7 0 && cat /disk || echo refused')).toBe('refused\n');
    expect(statSync(join(root.path, 'disk')).isBlockDevice()).toBe(true);
    expect(() => openSync(proc('root/export/root/disk'), 'r')).toThrow('EACCES');
    expect(mount('/export/root')).toMatch(/nosuid,nodev/);
  });

  test('makes fifos and sockets that are the guest’s alone', async () => {
    expect(await sh('mkfifo /fifo && (echo through > /fifo & cat /fifo)')).toBe('through\n');
    expect(statSync(join(root.path, 'fifo')).isFIFO()).toBe(true);
    // BusyBox’s logger daemon makes one, and looks for it below /dev.
    expect(
      await sh('rm -f /dev/log; ln -s /log /dev/log; syslogd -O /messages; sleep 1; ls -l /log'),
    ).toMatch(/^s/);
    expect(statSync(join(root.path, 'log')).isSocket()).toBe(true);
  });

  test('sees at once what the host changes', async () => {
    const file = join(directory, 'changing');
    writeFileSync(file, 'one');
    expect(await sh('cat /mnt/changing; ls /mnt')).toBe('onechanging\nsecret\nstate\n');
    writeFileSync(file, 'two');
    writeFileSync(join(directory, 'more'), '');
    expect(await sh('cat /mnt/changing; ls /mnt')).toBe('twochanging\nmore\nsecret\nstate\n');
  });

  test('leads to nothing outside: neither by links, nor by mounting what is shared once more', async () => {
    const secret = join(directory, 'secret');
    const up = `${'../'.repeat(20)}${secret.slice(1)}`;
    const links = `ln -s ${secret} /out; ln -s ${up} /up; cat /out /up /mnt/${up} || echo none`;
    expect(await sh(links)).toBe('none\n');
    const again = await sh('mkdir /host && mount -t virtiofs host /host && ls /host /host/..', RIGHTS);
    expect(again).toContain('/host:\n');
    for (const name of ['export', 'initrd', 'kernel', 'usr', 'secret', 'state'])
      expect(again.split('\n')).not.toContain(name);
  });

  test('makes no link and moves nothing from what is read-only to where it could be written to', async () => {
    const script = 'for how in ln mv; do $how /mnt/secret /stolen || echo refused; done';
    expect(await sh(script, RIGHTS)).toBe('refused\nrefused\n');
    expect(await sh('mount -o remount,rw /mnt; chmod 777 /mnt/secret || echo refused', RIGHTS)).toBe(
      'refused\n',
    );
    // The same by a process of the host that has been taken over.
    for (const take of [linkSync, renameSync])
      expect(() => take(proc('root/export/mount-0/secret'), proc('root/export/root/taken'))).toThrow(
        /EXDEV|EROFS/,
      );
    expect(readFileSync(join(directory, 'secret'), 'utf8')).toBe('secret');
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
    await sh('mknod /dev/serial c 4 64; yes | head -c 70000 > /dev/serial');
    const { size } = statSync(join(directory, 'state/hostile/driver/console'));
    expect(size).toBeGreaterThan(1000);
    expect(size).toBeLessThanOrEqual(64 * 1024);
  });

  test('has its files from a process with no more rights, whose end is the machine’s', async () => {
    const server = serverOf(container.pid!);
    expect(readlinkSync(`/proc/${server}/root`)).toMatch(/export$/);
    const status = readFileSync(`/proc/${server}/status`, 'latin1');
    // And SETGID, SETUID: it is the user of the guest who asks.
    for (const set of ['Prm', 'Eff']) expect(status).toContain(`Cap${set}:\t00000000880000db`);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(
      readdirSync(`/proc/${server}/fd`).map((fd) => readlinkSync(`/proc/${server}/fd/${fd}`)),
    ).not.toContain(expect.stringContaining('state'));
    process.kill(server, 'SIGKILL');
    await expect(container.wait()).resolves.toMatchObject({ code: 137 });
  });
});

/** The process with that name below another. */
function serverOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
  for (const child of children.map(Number)) {
    if (readFileSync(`/proc/${child}/comm`, 'latin1').trim() === 'virtiofsd') return child;
    const found = serverOf(child);
    if (found !== 0) return found;
  }
  return 0;
}
