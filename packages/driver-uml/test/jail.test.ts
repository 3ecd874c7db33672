// needs: linux, root, x64, busybox, uml
/** Root of the guest is whoever runs its kernel: what it finds of the host by hostfs, and what that process has. */
import { mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import type { Container, ContainerSpec } from '@ns/execdriver';
import { BusyboxRoot, TIME_LIMIT_MS } from '@ns/testing/drivers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { create } from './factory.js';

/** As many as may be had over its own kernel. */
const RIGHTS = {
  capabilities: ['SYS_ADMIN', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_PTRACE', 'MKNOD', 'DAC_OVERRIDE', 'KILL'],
  seccomp: 'unconfined',
} as const;

describe('a hostile guest', { timeout: TIME_LIMIT_MS }, () => {
  let root: BusyboxRoot;
  let directory: string;
  let container: Container;

  beforeAll(async () => {
    root = new BusyboxRoot();
    directory = mkdtempSync(join(tmpdir(), 'ns-uml-'));
    writeFileSync(join(directory, 'secret'), 'secret');
    const spec: ContainerSpec = {
      id: 'hostile',
      root: { kind: 'directory', path: root.path },
      process: {
        args: ['/bin/sh'],
        env: ['PATH=/bin'],
        ...RIGHTS,
      },
    };
    container = await create({ stateRoot: join(directory, 'state') }).create(spec);
    await container.start();
  }, TIME_LIMIT_MS);

  afterAll(async () => {
    await container?.destroy();
    root?.[Symbol.dispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  async function sh(script: string): Promise<string> {
    const executed = await container.exec({
      args: ['/bin/sh', '-c', script],
      env: ['PATH=/bin'],
      ...RIGHTS,
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

  test('finds by hostfs what its kernel is made of, and nothing else of the host', async () => {
    const seen = await sh(
      'mkdir -p /host; mount -t hostfs -o / none /host && ls /host /host/export /host/etc',
    );
    expect(seen.split('\n').filter((name) => !/^(lib\w*|)$/.test(name))).toEqual([
      '/host:',
      'dev',
      'export',
      'initrd',
      'linux.uml',
      'proc',
      'tmp',
      '/host/export:',
      'programs',
      'root',
    ]);
    expect(await sh(`cat /host${directory}/secret || echo none`)).toBe('none\n');
  });

  test('cannot write there, but in its own files', async () => {
    expect(
      await sh('echo x > /host/file || echo refused; echo x > /host/export/programs/0 || echo refused'),
    ).toBe('refused\nrefused\n');
    expect(await sh('echo x > /host/linux.uml || echo refused')).toBe('refused\n');
    expect(await sh('echo mine > /host/export/root/file; cat /file')).toBe('mine\n');
  });

  test('finds no process of the host', async () => {
    const processes = await sh('ls /host/proc | grep -v self');
    // Its kernel, and that one's own helpers: those of a pid namespace.
    for (const pid of processes.trim().split('\n')) expect(Number(pid)).toBeLessThan(1000);
    expect(await sh('cat /host/proc/sys/kernel/hostname || echo none')).toBe('none\n');
    expect(await sh(`kill -9 ${process.pid} || echo none`)).toBe('none\n');
  });

  test('is run by a process without other rights than those over files, which opens no devices', async () => {
    const status = readFileSync(proc('status'), 'latin1');
    // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD, SETFCAP
    for (const set of ['Prm', 'Eff', 'Bnd']) expect(status).toContain(`Cap${set}:\t000000008800001b`);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    for (const kind of ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup']) {
      expect(readlinkSync(proc(`ns/${kind}`)), kind).not.toBe(readlinkSync(`/proc/self/ns/${kind}`));
    }
    await sh('mknod /host/export/root/disk b 8 0');
    expect(() => openSync(proc('root/export/root/disk'), 'r')).toThrow('EACCES');
  });
});
