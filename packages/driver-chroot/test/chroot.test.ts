// needs: linux, root, busybox
/** What this driver does that others do not, and what an image can try with it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { driver } from '@ns/driver-chroot';
import type { ContainerSpec } from '@ns/execdriver';
import { BusyboxRoot } from '@ns/testing/drivers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const HOST = { mnt: 'host', pid: 'host', uts: 'host', ipc: 'host', net: 'host', cgroup: 'host' } as const;

let directory: string;
let root: BusyboxRoot;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-chroot-'));
  root = new BusyboxRoot();
});
afterEach(() => {
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
}

/** Run a script to its end. */
async function run(script: string, change: Partial<ContainerSpec> = {}): Promise<Outcome> {
  const chroot = driver.create({ stateRoot: join(directory, 'state') });
  const container = await chroot.create({
    id: 'c',
    root: { kind: 'directory', path: root.path },
    namespaces: HOST,
    ...change,
    process: { args: ['/bin/sh', '-c', script], env: ['PATH=/bin'], ...change.process },
  });
  try {
    await container.start();
    const [stdout, { code }] = await Promise.all([text(container.streams!.stdout!), container.wait()]);
    return { code, stdout };
  } finally {
    await container.destroy();
  }
}

const pwdIn = (cwd: string): Pick<ContainerSpec, 'process'> => ({
  process: { args: ['/bin/pwd'], env: [], cwd },
});

describe('a chroot', () => {
  test('is not isolated: it sees the processes, devices and names of the host', async () => {
    const { stdout } = await run(
      'cat /proc/sys/kernel/hostname; readlink /proc/self/ns/pid; ls /dev | wc -l; ls /sys/kernel',
    );
    const [name, own, devices, ...kernel] = stdout.trimEnd().split('\n');
    expect(name).toBe(hostname());
    expect(own).toBe(readlinkSync('/proc/self/ns/pid'));
    expect(Number(devices)).toBe(readdirSync('/dev').length);
    expect(kernel).not.toEqual([]);
  });

  test('without the default mounts has nothing but its root', async () => {
    const { stdout } = await run('ls /', { defaultMounts: false });
    expect(stdout).toBe('bin\netc\nroot\ntmp\n');
  });

  test('refuses isolation that it does not have, and says how to do without', async () => {
    const { pid: _, ...rest } = HOST;
    await expect(run('true', { namespaces: rest })).rejects.toThrow(
      'driver chroot has no pid namespaces, which namespaces.pid asks for',
    );
  });
});

describe('an image', () => {
  test('does not have the host’s directories mounted outside of it', async () => {
    mkdirSync(join(root.path, 'inside'));
    symlinkSync('../../../inside', join(root.path, 'dev'));
    const { stdout } = await run('ls -d /inside/null /inside/../etc/passwd');
    expect(stdout).toBe('/inside/../etc/passwd\n/inside/null\n');
    expect(readdirSync(join(root.path, 'inside'))).toEqual([]);
    expect(existsSync('/inside')).toBe(false);
  });

  test.each(['/proc/1/root', '/proc/1/cwd', '/link', '/proc/self/fd/40'])(
    'does not have its program started outside of it: %s',
    async (cwd) => {
      symlinkSync('/proc/1/root', join(root.path, 'link'));
      await expect(run('', pwdIn(cwd))).rejects.toThrow(/start: .*working directory/);
    },
  );

  test('does not have a working directory made outside of it', async () => {
    symlinkSync('/proc/1/root', join(root.path, 'link'));
    const outside = join(directory, 'made');
    await expect(run('', pwdIn(`/link${outside}`))).rejects.toThrow(/start: /);
    expect(existsSync(outside)).toBe(false);
  });
});

describe('probing', () => {
  test('says that it can work for root', async () => {
    expect(await driver.probe()).toEqual({ available: true });
  });
});
