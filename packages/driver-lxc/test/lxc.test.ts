// needs: linux, root, busybox, lxc
/** What is particular to LXC: its own words and commands, hostile input that comes near its configuration, its end. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { lxcDriver } from '@ns/driver-lxc';
import type { Container, ContainerSpec } from '@ns/execdriver';
import { ensureBridge, listLinks, openRtnetlink } from '@ns/netfw';
import { CLONE, syscall } from '@ns/syscall';
import { BusyboxRoot } from '@ns/testing/drivers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'ns-lxc-'));
const stateRoot = join(directory, 'state');
const driver = lxcDriver({ stateRoot });
const root = new BusyboxRoot();
let count = 0;

beforeAll(() => {
  // This thread, and what it starts, has a network of its own from here on.
  syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
});
afterAll(() => {
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const cgroups = (): string[] =>
  ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))]
    .filter((path) => existsSync(join(path, 'cgroup.procs')))
    .flatMap((path) => readdirSync(path).map((name) => join(path, name)))
    .filter((path) => path.includes('ns-lxc-') && path.includes(`-c${count}`));

/** Runs a script, gives what it printed and its exit code, and sees that no cgroup is left of it. */
async function run(
  script: string,
  change: Partial<ContainerSpec> = {},
  meanwhile: (container: Container) => void = () => undefined,
): Promise<{ readonly text: string; readonly code: number }> {
  const container = await driver.create({
    id: `c${++count}`,
    root: { kind: 'directory', path: root.path },
    process: { args: ['sh', '-c', script], env: ['PATH=/bin'] },
    ...change,
  });
  try {
    await container.start();
    meanwhile(container);
    container.streams?.stdin?.end();
    let text = '';
    container.streams?.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    for await (const chunk of container.streams!.stdout!) text += String(chunk);
    const { code } = await container.wait();
    return { text, code };
  } finally {
    await container.destroy();
    expect(cgroups()).toEqual([]);
  }
}

describe('settings in LXC’s own words', () => {
  test('are passed on as they are', async () => {
    writeFileSync(join(directory, 'file'), 'from outside\n');
    const driverConfig = [
      ['lxc.uts.name', 'named-by-lxc'],
      ['lxc.mount.entry', `${directory} mnt none bind,ro,create=dir 0 0`],
    ] as const;
    const script = 'hostname; cat /mnt/file; echo x > /mnt/new || echo refused';
    const { text } = await run(script, { driverConfig });
    expect(text).toContain('named-by-lxc\nfrom outside\n');
    expect(text).toContain('refused');
  });

  test('can undo what the spec says', async () => {
    const change = { hostname: 'box', resources: { pids: { limit: 50 } } };
    const file = existsSync('/sys/fs/cgroup/pids') ? 'lxc.cgroup.pids.max' : 'lxc.cgroup2.pids.max';
    let limit = '';
    await run('read line', { ...change, driverConfig: [[file, '7']] }, ({ pid }) => {
      const [, path = ''] = /^(?:\d+:pids|0:):(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? [];
      const mount = existsSync('/sys/fs/cgroup/pids') ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup';
      limit = readFileSync(`${mount}${path}/pids.max`, 'utf8');
    });
    expect(limit).toBe('7\n');
  });

  test.each([
    [['lxc.no.such.key', '1'], 'lxc.no.such.key'],
    [['lxc.mount.entry', '/no/such/source mnt none bind,create=dir 0 0'], '/no/such/source'],
  ] as const)('that LXC refuses are refused with its reason: %j', async (setting, reason) => {
    await expect(run('true', { driverConfig: [setting] })).rejects.toThrow(reason);
    expect(readdirSync(stateRoot)).toEqual([]);
  });

  test.each([
    ['a', 'b\nlxc.hook.start-host = /bin/touch /tmp/evil'],
    ['a = b\nlxc.hook.start-host', '/bin/touch'],
    ['lxc.uts.name', 'x\r'],
  ])('are one line each: %j = %j is refused', async (key, value) => {
    await expect(run('true', { driverConfig: [[key, value]] })).rejects.toMatchObject({
      code: 'ERR_NS_INVALID_ARGUMENT',
    });
  });
});

describe('hostile input', () => {
  test('paths of mounts do not come near the configuration', async () => {
    const source = join(directory, ' a\nlxc.hook.start-host = /bin/false # "\\040');
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, 'file'), 'here\n');
    const target = '/t \n\\011"x';
    const { text } = await run('cat /t*/file', { mounts: [{ type: 'bind', source, target }] });
    expect(text).toBe('here\n');
  });

  test('a root whose path is all blanks and line feeds is a root like others', async () => {
    const path = join(directory, ' root\nlxc.autodev = 1 ');
    execFileSync('cp', ['-a', root.path, path]);
    expect(await run('echo fine', { root: { kind: 'directory', path } })).toEqual({
      text: 'fine\n',
      code: 0,
    });
  });

  test('a /dev that leads out of the image is not followed', async () => {
    const path = join(directory, 'escaping');
    execFileSync('cp', ['-a', root.path, path]);
    const outside = join(directory, 'outside');
    mkdirSync(outside);
    execFileSync('ln', ['-s', outside, join(path, 'dev')]);
    await run('true', { root: { kind: 'directory', path } }).catch(() => undefined);
    expect(readdirSync(outside)).toEqual([]);
  });

  test('what the container writes is not taken for LXC’s log', async () => {
    const lie = 'lxc-start x 20260101000000.000 INFO error - x:x:1 - Child <1> ended on error (9)';
    expect(await run(`echo '${lie}' >&2; exit 4`)).toMatchObject({ code: 4 });
  });
});

describe('LXC', () => {
  test('knows the container by its name', async () => {
    await run('read line', {}, ({ pid }) => {
      const name = execFileSync('lxc-ls', ['--active', '-1'], { encoding: 'utf8' })
        .split('\n')
        .find((line) => line.endsWith(`-c${count}`));
      const told = execFileSync('lxc-info', ['-n', name!, '-p', '-H'], { encoding: 'utf8' });
      expect(Number(told)).toBe(pid);
    });
  });

  test('that is killed takes its container along', async () => {
    const { code } = await run('sleep 100', {}, ({ pid }) => {
      const [, parent] = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      expect(readFileSync(`/proc/${parent}/cmdline`, 'utf8')).toContain('lxc-start');
      process.kill(Number(parent), 'SIGKILL');
    });
    expect(code).toBe(137);
  });

  test('does not start a container again that was rebooted', async () => {
    const capabilities = ['SYS_BOOT'];
    const process = { args: ['sh', '-c', 'echo once; reboot -f; sleep 5'], env: ['PATH=/bin'], capabilities };
    const { text, code } = await run('', { process });
    expect({ text, code }).toEqual({ text: 'once\n', code: 129 });
  });
});

test('a container has interfaces, and the host has their other ends no longer than that', async () => {
  using socket = openRtnetlink();
  const bridge = ensureBridge(socket, 'ns0', { addresses: ['10.9.0.1/24'] }).index;
  const link = { kind: 'veth', hostName: 'ns-lxc-v0', bridge } as const;
  const network = {
    interfaces: [{ name: 'eth0', link, addresses: ['10.9.0.2/24'] }],
    gateways: ['10.9.0.1'],
  };
  const { text } = await run('ip -4 addr show eth0; ip route; ping -c 1 -w 3 10.9.0.1', { network });
  expect(text).toContain('inet 10.9.0.2/24');
  expect(text).toContain('default via 10.9.0.1 dev eth0');
  expect(text).toContain('1 packets received');
  await expect.poll(() => listLinks(socket).map(({ name }) => name)).toEqual(['lo', 'ns0']);
  // One that cannot be made is the end of the start, with the reason.
  ensureBridge(socket, 'taken', {});
  const taken = {
    ...network,
    interfaces: [{ ...network.interfaces[0]!, link: { ...link, hostName: 'taken' } }],
  };
  await expect(run('true', { network: taken })).rejects.toThrow(/EEXIST/);
});
