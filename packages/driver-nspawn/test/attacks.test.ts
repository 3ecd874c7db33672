// needs: linux, root, busybox, nspawn
/** What names and images can try with systemd-nspawn, and what is left when it is killed. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { detect } from '@ns/cgroups';
import { driver } from '@ns/driver-nspawn';
import type { Container, ContainerSpec } from '@ns/execdriver';
import { BusyboxRoot } from '@ns/testing/drivers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let directory: string;
let root: BusyboxRoot;
let containers: Container[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-nspawn-'));
  root = new BusyboxRoot();
  containers = [];
});
afterEach(async () => {
  for (const container of containers) await container.destroy();
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

async function start(
  script: string,
  change: Partial<ContainerSpec> = {},
  stateRoot = join(directory, 'state'),
): Promise<Container> {
  const container = await driver.create({ stateRoot }).create({
    id: 'c',
    root: { kind: 'directory', path: root.path },
    ...change,
    process: { args: ['/bin/sh', '-c', script], env: ['PATH=/bin'], ...change.process },
  });
  containers.push(container);
  await container.start();
  return container;
}

async function output(...args: Parameters<typeof start>): Promise<string> {
  const container = await start(...args);
  container.streams?.stdin?.end();
  const said = await text(container.streams!.stdout!);
  expect((await container.wait()).code).toBe(0);
  return said.trim();
}

/** All that systemd-nspawn makes or reads its words in. */
const NASTY = ['a:b', String.raw`c\d`, 'e f', '"g"', "'h'", 'i\nj', '+k', '%l', '$m', '-n'];

describe('names', () => {
  test('of a source and of the state root can be any', async () => {
    for (const name of NASTY) {
      const source = join(directory, name);
      mkdirSync(source);
      writeFileSync(join(source, 'file'), name);
      const mounts = [{ type: 'bind', source, target: '/srv' }] as const;
      expect(
        await output('cat /srv/file', { mounts, id: `c${NASTY.indexOf(name)}` }, join(source, 'state')),
      ).toBe(name);
    }
  });

  test('of a container can be any that there are', async () => {
    for (const id of ['x-', 'x..', 'UPPER_case', 'x'.repeat(128), '0--boot']) {
      expect(await output('echo here', { id })).toBe('here');
    }
  });

  test('of the environment do not reach systemd-nspawn', async () => {
    const env = ['PATH=/bin', 'LISTEN_FDS=1', 'SYSTEMD_LOG_LEVEL=debug', 'container=docker'];
    const said = await output('env', { process: { args: ['env'], env } });
    expect(said.split('\n').toSorted()).toEqual([...env, 'HOME=/root'].toSorted());
  });
});

describe('an image', () => {
  test('cannot lead systemd-nspawn anywhere', async () => {
    const victim = join(directory, 'victim');
    mkdirSync(victim);
    for (const name of ['ns', 'usr', 'run', 'var', 'root/x']) {
      symlinkSync(victim, join(root.path, name));
    }
    mkdirSync(join(root.path, 'etc/systemd'), { recursive: true });
    symlinkSync(victim, join(root.path, 'etc/resolv.conf'));
    expect(await output('echo here')).toBe('here');
    expect(readdirSync(victim)).toEqual([]);
  });

  test('is left as it was, but for the mount points', async () => {
    const before = readdirSync(root.path);
    await output('true');
    const added = readdirSync(root.path).filter((name) => !before.includes(name));
    expect(added.toSorted()).toEqual(['dev', 'proc', 'sys']);
    expect(added.flatMap((name) => readdirSync(join(root.path, name)))).toEqual([]);
    expect(lstatSync(join(root.path, 'etc')).isDirectory()).toBe(true);
  });

  test('is told nothing of the host’s', async () => {
    expect(
      await output('ls -A /run /ns 2> /dev/null; cat /proc/1/environ; echo; ls /proc/1/fd | wc -l'),
    ).not.toMatch(/container|LISTEN|machine|host/);
  });
});

/** The groups of our containers, in whatever hierarchy. */
const groups = (): string[] =>
  detect().hierarchies.flatMap(({ mountPoint }) =>
    readdirSync(mountPoint).filter((name) => /^ns-[0-9a-f]{12}-killed/.test(name)),
  );

describe('systemd-nspawn that is killed', () => {
  test('takes the container along, and leaves nothing', async () => {
    const container = await start('sleep 100', { id: 'killed' });
    const status = readFileSync(`/proc/${container.pid}/status`, 'latin1');
    const parent = Number(/^PPid:\t(\d+)$/m.exec(status)![1]);
    expect(readFileSync(`/proc/${parent}/comm`, 'latin1').trim()).toBe('systemd-nspawn');
    expect(groups().length).toBeGreaterThan(0);
    const { pid } = container;
    process.kill(parent, 'SIGKILL');
    expect(await container.wait()).toMatchObject({ code: 137, signal: 9 });
    for (let count = 0; existsSync(`/proc/${pid}`) && count < 100; count++) await sleep(20);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    await container.destroy();
    expect(groups()).toEqual([]);
    const machines = '/run/systemd/nspawn/propagate';
    expect(readdirSync(machines).filter((name) => name.startsWith('killed'))).toEqual([]);
  });

  test('says why a container did not start', async () => {
    const settings = { path: '/bin/false' };
    const created = await driver.create({ stateRoot: join(directory, 'state'), settings }).create({
      id: 'c',
      root: { kind: 'directory', path: root.path },
      process: { args: ['true'], env: [] },
    });
    containers.push(created);
    await expect(created.start()).rejects.toMatchObject({ code: 'ERR_NS_TOOL_FAILED' });
  });
});
