// needs: linux, root, busybox, libvirt-lxc
/** What is particular to libvirt: a libvirtd that others use too, names, images, and what is left when somebody is killed. */
import {
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
import { driver } from '@ns/driver-libvirt-lxc';
import type { Container, ContainerSpec, DriverSettings } from '@ns/execdriver';
import { BusyboxRoot } from '@ns/testing/drivers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { domainName } from '../src/names.js';
import { Libvirtd } from './libvirtd.js';

let directory: string;
let root: BusyboxRoot;
let containers: Container[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-libvirt-'));
  root = new BusyboxRoot();
  containers = [];
});
afterEach(async () => {
  for (const container of containers) await container.destroy();
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

interface Change extends Partial<ContainerSpec> {
  readonly settings?: DriverSettings;
  readonly stateRoot?: string;
}

async function create(script: string, change: Change = {}): Promise<Container> {
  const { settings = { socket: 'own' }, stateRoot = join(directory, 'state'), ...spec } = change;
  const container = await driver.create({ stateRoot, settings }).create({
    id: 'c',
    root: { kind: 'directory', path: root.path },
    ...spec,
    process: { args: ['/bin/sh', '-c', script], env: ['PATH=/bin'], ...spec.process },
  });
  containers.push(container);
  return container;
}

async function start(script: string, change: Change = {}): Promise<Container> {
  const container = await create(script, change);
  await container.start();
  return container;
}

async function output(script: string, change: Change = {}): Promise<string> {
  const container = await start(script, change);
  container.streams?.stdin?.end();
  const said = await text(container.streams!.stdout!);
  expect((await container.wait()).code).toBe(0);
  return said.trim();
}

/** The cgroups that libvirt was given. */
const partitions = (): string[] =>
  detect().hierarchies.flatMap(({ mountPoint }) =>
    readdirSync(mountPoint).filter((name) => name.endsWith('.libvirt')),
  );

const parentOf = (pid: number): number =>
  Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]);

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
};

async function untilGone(pid: number): Promise<void> {
  for (let count = 0; isAlive(pid) && count < 250; count++) await sleep(20);
  expect(isAlive(pid)).toBe(false);
}

describe('a libvirtd that runs', () => {
  const libvirtd = new Libvirtd();
  const settings = { socket: libvirtd.socket };
  beforeAll(() => libvirtd.start());
  afterAll(() => libvirtd[Symbol.asyncDispose]());

  /** By the name that libvirt has of the container of this test. */
  const nameOf = (id: string): string => domainName(id, join(directory, 'state', id, 'driver'));

  test('has the container as a domain, until it has ended', async () => {
    expect(await driver.probe(settings)).toMatchObject({ available: true });
    const stateRoot = join(directory, `it's <a> & "b" ]]> \u00E9,;%`);
    const container = await start('read line; exit 3', { settings, stateRoot });
    expect(libvirtd.virsh('list', '--title')).toMatch(/ running +c$/);
    container.streams?.stdin?.end('go on\n');
    expect(await container.wait()).toMatchObject({ code: 3 });
    await container.destroy();
    expect(libvirtd.virsh('list', '--all', '--name')).toBe('');
    expect(partitions()).toEqual([]);
  });

  test('can end it, and pass signals on', async () => {
    const waits = 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done';
    const one = await start(waits, { settings, id: 'one' });
    const other = await start('sleep 1000', { settings, id: 'other' });
    one.streams!.stdout!.resume();
    expect(libvirtd.virsh('list', '--name').split('\n')).toHaveLength(2);
    for (const { id } of [one, other]) libvirtd.virsh('destroy', nameOf(id));
    expect((await one.wait()).code).toBe(5);
    expect(await other.wait()).toMatchObject({ code: 137, signal: 9 });
  });

  test('that has another domain of the name keeps it', async () => {
    const name = nameOf('c');
    const file = join(directory, 'other.xml');
    writeFileSync(
      file,
      `<domain type='lxc'><name>${name}</name><memory>8192</memory><os><type>exe</type><init>/bin/sh</init></os></domain>`,
    );
    libvirtd.virsh('define', file);
    const container = await create('true', { settings });
    await expect(container.start()).rejects.toMatchObject({
      code: 'ERR_NS_TOOL_FAILED',
      message: expect.stringContaining('already exists') as string,
    });
    await container.destroy();
    expect(libvirtd.virsh('list', '--all', '--name')).toBe(name);
    libvirtd.virsh('undefine', name);
    expect(partitions()).toEqual([]);
  });

  test('is not told a path that it would change', async () => {
    const stateRoot = join(directory, 'a\nb');
    const container = await create('true', { settings, stateRoot });
    await expect(container.start()).rejects.toMatchObject({ code: 'ERR_NS_INVALID_ARGUMENT' });
    await container.destroy();
    expect(readdirSync(directory)).toEqual(['a\nb']);
    expect(partitions()).toEqual([]);
    // One of our own does not hear of it.
    expect(await output('echo here', { stateRoot })).toBe('here');
  });

  test('may end before the container, which nothing is left of either', async () => {
    const container = await start('read line; exit 4', { settings });
    await libvirtd.kill();
    container.streams?.stdin?.end('go on\n');
    expect(await container.wait()).toMatchObject({ code: 4 });
    await container.destroy();
    expect(partitions()).toEqual([]);
    const next = await create('true', { settings, id: 'next' });
    await expect(next.start()).rejects.toMatchObject({ code: 'ERR_NS_UNSUPPORTED' });
    expect(await driver.probe(settings)).toMatchObject({
      available: false,
      hint: expect.any(String) as string,
    });
  });
});

describe('a launcher that is killed', () => {
  test('takes the container along, and leaves nothing', async () => {
    const container = await start('sleep 1000');
    const { pid } = container;
    const launcher = parentOf(parentOf(parentOf(pid!)));
    expect(readFileSync(`/proc/${launcher}/comm`, 'latin1')).toBe('ns-libvirt\n');
    expect(new Set(partitions()).size).toBe(1);
    process.kill(launcher, 'SIGKILL');
    expect(await container.wait()).toMatchObject({ code: 137, signal: 9 });
    await untilGone(pid!);
    await container.destroy();
    expect(partitions()).toEqual([]);
  });
});

describe('an image', () => {
  test('cannot lead libvirt anywhere, and is left as it was but for mount points', async () => {
    const victim = join(directory, 'victim');
    mkdirSync(victim);
    for (const name of ['ns', '.oldroot', 'run', 'var', 'selinux'])
      symlinkSync(victim, join(root.path, name));
    const before = readdirSync(root.path);
    const said = await output(
      'cat /proc/1/environ | tr "\\0" " "; ls /proc/1/fd | wc -l; grep -c . /proc/mounts',
    );
    expect(said).not.toMatch(/libvirt|container/i);
    expect(readdirSync(victim)).toEqual([]);
    const added = readdirSync(root.path).filter((name) => !before.includes(name));
    expect(added.toSorted()).toEqual(['dev', 'proc', 'sys']);
  });
});
