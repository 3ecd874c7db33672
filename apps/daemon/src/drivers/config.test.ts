import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { nativeModule } from '@ns/execdriver';
import { afterAll, describe, expect, it } from 'vitest';

import { configureDrivers, type DriverFlags } from './config.js';

const directory = mkdtempSync(join(tmpdir(), 'ns-drivers-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A package of somebody's. */
function pack(name: string, code: string): string {
  const path = join(directory, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(
    join(path, 'package.json'),
    JSON.stringify({ name: basename(name), type: 'module', exports: './index.js' }),
  );
  writeFileSync(join(path, 'index.js'), code);
  return path;
}
const info = (name: string, contract = 1): string => JSON.stringify({ ...nativeModule.info, name, contract });
const good = (name: string): string =>
  `export const driver = { info: ${info(name)}, probe: async () => ({ available: true }), create: () => ({}) };`;

const configure = (flags: Partial<DriverFlags>): ReturnType<typeof configureDrivers> =>
  configureDrivers({
    execDriver: undefined,
    defaultRuntime: undefined,
    addRuntimes: [],
    execOpts: [],
    where: (key) => `of ${key}`,
    nearby: () => [directory],
    ...flags,
  });

describe('configureDrivers', () => {
  it('knows drivers, of which none is loaded', async () => {
    const { runtimes, defaultName } = await configure({});
    expect(defaultName).toBe('native');
    expect(runtimes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['native', 'lxc', 'oci', 'qemu']),
    );
    expect((await configure({ execDriver: 'lxc' })).defaultName).toBe('lxc');
    expect((await configure({ defaultRuntime: 'chroot' })).defaultName).toBe('chroot');
    expect((await configure({ defaultRuntime: 'lxc', execDriver: 'lxc' })).defaultName).toBe('lxc');
  });

  it('takes runtimes of OCI by path, and settings', async () => {
    const { runtimes } = await configure({
      addRuntimes: [{ name: 'mine', path: '/bin/true' }],
      execOpts: ['mine.dialect=crun', 'native.cgroupdriver=cgroupfs', 'lxc.path=/opt/lxc-start'],
    });
    const find = (name: string) => runtimes.find((runtime) => runtime.name === name);
    expect(find('mine')).toMatchObject({
      settings: { path: '/bin/true', dialect: 'crun' },
      path: '/bin/true',
    });
    expect(find('lxc')?.settings).toEqual({ path: '/opt/lxc-start' });
    const { runtimes: others } = await configure({ execDriver: 'qemu', execOpts: ['memory=128'] });
    expect(others.find(({ name }) => name === 'qemu')?.settings).toEqual({ memory: '128' });
  });

  it('takes an executable script for a program, and no other JavaScript', async () => {
    const script = join(directory, 'runtime.js');
    writeFileSync(script, "#!/usr/bin/env node\nthrow new Error('loaded');", { mode: 0o755 });
    const { runtimes } = await configure({ addRuntimes: [{ name: 'script', path: script }] });
    expect(runtimes.find(({ name }) => name === 'script')?.settings).toEqual({ path: script });
    const module = join(pack('ns-driver-exec', good('exec')), 'index.js');
    chmodSync(module, 0o755);
    const added = await configure({ addRuntimes: [{ name: 'exec', path: module }] });
    expect((await added.runtimes.find(({ name }) => name === 'exec')?.load())?.info.name).toBe('exec');
  });

  it('loads packages that are named, by the name that they have', async () => {
    const path = pack('ns-driver-own', good('own'));
    const { runtimes, defaultName } = await configure({ execDriver: path, execOpts: ['own.a=b', 'c=d'] });
    expect(defaultName).toBe('own');
    expect(runtimes.find(({ name }) => name === 'own')).toMatchObject({ path, settings: { a: 'b', c: 'd' } });
    const added = await configure({ addRuntimes: [{ name: 'alias', path: join(path, 'index.js') }] });
    expect(added.defaultName).toBe('native');
    const runtime = added.runtimes.find(({ name }) => name === 'alias');
    expect((await runtime?.load())?.info.name).toBe('own');
  });

  it('looks for packages beside the daemon, then in the directories that the option gives', async () => {
    pack('node_modules/ns-driver-near', good('near'));
    const named = { execDriver: 'ns-driver-near' };
    expect((await configure(named)).defaultName).toBe('near');
    await expect(configure({ ...named, nearby: () => [] })).rejects.toMatchObject({
      code: 'ERR_NS_NOT_FOUND',
    });
  });

  it.each<[Partial<DriverFlags>, string]>([
    [{ execDriver: 'no-such-driver' }, 'of exec-driver: load driver: no package no-such-driver is installed'],
    [{ execDriver: '../evil' }, 'is no name of a package'],
    [{ defaultRuntime: 'nope' }, 'unknown or invalid runtime name: nope'],
    [{ defaultRuntime: 'lxc', execDriver: 'chroot' }, 'both say which driver is the default'],
    [{ addRuntimes: [{ name: 'a/b', path: '/bin/true' }] }, 'of runtimes: "a/b" is no name of a driver'],
    [{ addRuntimes: [{ name: 'native', path: '/bin/true' }] }, 'native is the daemon’s own driver'],
    [{ addRuntimes: [{ name: 'x', path: '/no/such/program' }] }, 'is no module and no package'],
    [{ execOpts: ['key'] }, "'key' is not KEY=VALUE"],
    [{ execOpts: ['native.cgroupdriver=systemd'] }, "cgroup driver 'systemd' is unknown"],
    [{ execOpts: ['speed=1'] }, 'the native driver has no option speed'],
  ])('refuses %j', async (flags, message) => {
    await expect(configure(flags)).rejects.toThrow(message);
  });

  it('refuses a package that is no driver, or one for another version of the contract', async () => {
    await expect(configure({ execDriver: pack('a', 'export const x = 1;') })).rejects.toThrow(
      'exports no driver',
    );
    const later = good('later').replace('"contract":1', '"contract":99');
    await expect(configure({ execDriver: pack('b', later) })).rejects.toThrow('version 99 of the contract');
    await expect(configure({ execDriver: pack('c', good('native')) })).rejects.toThrow('calls itself native');
    await expect(configure({ execDriver: pack('d', 'throw new Error("broken")') })).rejects.toThrow('broken');
  });
});
