// needs: linux, root, busybox
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';

import { detect } from '@ns/cgroups';
import { needs, type Requirement } from '@ns/testing';
import { afterAll, describe, expect, test } from 'vitest';

import { Bench } from './harness.js';

/** `TMPFS_MAGIC` of `<linux/magic.h>`. */
const TMPFS = 0x0102_1994;

/** A place for files whose file system the kernel can id-map. */
const mappedScratch: Requirement = {
  name: 'a file system that can be id-mapped',
  missing: () => {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    const isOld = major < 6 || (major === 6 && minor < 3);
    return isOld && statfsSync(tmpdir()).type === TMPFS
      ? `${tmpdir()} is a tmpfs, which Linux ${release()} cannot id-map`
      : undefined;
  },
};

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

describe('mounts', () => {
  test('of all kinds, with their options, in order', () => {
    const host = join(bench.directory, 'host');
    mkdirSync(join(host, 'below'), { recursive: true });
    writeFileSync(join(host, 'file'), 'content\n');
    const bundle = bench.bundle(
      [
        'cat /bound/file /one; touch /bound/x; touch /filled/x && ls /filled; readlink /filled/link; stat -c %u:%a /filled/owned',
        'touch /dev/x; ls -d /made/by/the/runtime; grep -E " /(bound|one|filled|dev|ram) " /proc/mounts',
      ].join('\n'),
      (config) => {
        config.mounts
          .find((mount: { destination: string }) => mount.destination === '/dev')
          .options.push('ro');
        config.mounts.push(
          {
            destination: '/bound',
            type: 'bind',
            source: host,
            options: ['rbind', 'ro', 'nosuid', 'noexec', 'rprivate'],
          },
          { destination: '/one', source: join(host, 'file'), options: ['bind'] },
          {
            destination: '/filled',
            type: 'tmpfs',
            source: 'tmpfs',
            options: ['nodev', 'tmpcopyup', 'size=1m'],
          },
          { destination: '/made/by/the/runtime', type: 'tmpfs', source: 'tmpfs' },
          { destination: '/ram', type: 'ramfs', source: 'ramfs', options: ['noatime'] },
        );
      },
    );
    const filled = join(bundle, 'rootfs/filled');
    mkdirSync(filled);
    symlinkSync('/etc/passwd', join(filled, 'link'));
    writeFileSync(join(filled, 'owned'), '', { mode: 0o640 });
    chownSync(join(filled, 'owned'), 77, 0);
    const { stdout, stderr } = bench.run(bundle);
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, 8)).toEqual([
      'content',
      'content',
      'link',
      'owned',
      'x',
      '/etc/passwd',
      '77:640',
      '/made/by/the/runtime',
    ]);
    expect(stderr).toContain('/bound/x: Read-only file system');
    expect(stderr).toContain('/dev/x: Read-only file system');
    expect(stdout).toMatch(/ \/bound \S+ ro,nosuid,noexec/);
    expect(stdout).toMatch(/^tmpfs \/dev tmpfs ro,nosuid/m);
    expect(stdout).toMatch(/^tmpfs \/filled tmpfs rw,nodev.*size=1024k/m);
    expect(stdout).toMatch(/^ramfs \/ram ramfs rw,noatime/m);
    expect(readdirSync(host).toSorted()).toEqual(['below', 'file']);
    expect(readdirSync(filled)).not.toContain('x');
  });

  test('that are there are changed by a remount, and nothing else is', () => {
    const host = join(bench.directory, 'remounted');
    mkdirSync(host);
    writeFileSync(join(host, 'file'), '');
    const remount = (destination: string): object => ({
      destination,
      type: 'bind',
      source: '/any',
      options: ['remount', 'bind', 'ro', 'nosuid'],
    });
    const bundle = bench.bundle('grep -E " /(file|folder) " /proc/mounts', (config) => {
      config.mounts.push(
        { destination: '/file', source: join(host, 'file'), options: ['bind', 'noexec'] },
        { destination: '/folder', type: 'tmpfs', source: 'tmpfs' },
        remount('/file'),
        remount('/folder'),
      );
    });
    const { stdout } = bench.run(bundle);
    expect(stdout).toMatch(/ \/file \S+ ro,nosuid,noexec/);
    expect(stdout).toMatch(/ \/folder tmpfs ro,nosuid/);

    const none = bench.bundle('true', (config) => void config.mounts.push(remount('/etc')));
    const { code, stderr } = bench.run(none);
    expect(code).toBe(1);
    expect(stderr).toContain('/etc is no mount point: only what is mounted can be changed');
  });

  test('of cgroups show the container’s own alone, of all hierarchies', () => {
    const bundle = bench.bundle('grep cgroup /proc/self/mountinfo; echo; cat /proc/self/cgroup', (config) => {
      config.linux.namespaces = config.linux.namespaces.filter(
        ({ type }: { type: string }) => type !== 'cgroup',
      );
    });
    const [mounts = '', own = ''] = bench.run(bundle).stdout.split('\n\n');
    const roots = mounts
      .split('\n')
      .map((line) => line.split(' '))
      .filter((fields) => fields.at(-3)?.startsWith('cgroup'))
      .map((fields) => fields[3]);
    expect(roots.length).toBeGreaterThan(0);
    // With version 2 a container without a cgroup namespace sees all of it, as with runc.
    const expected = detect().kind === 'v2' ? '/' : own.split('\n')[0]?.split(':')[2];
    expect(new Set(roots)).toEqual(new Set([expected]));
  });

  test('can be id-mapped, in a user namespace', needs(mappedScratch), () => {
    const host = join(bench.directory, 'mapped');
    mkdirSync(host, { mode: 0o777 });
    writeFileSync(join(host, 'file'), '');
    const bundle = bench.bundle(
      'id -u; stat -c %u:%g /mapped/file; cat /proc/self/uid_map; ls /dev/null',
      (config) => {
        config.linux.namespaces.push({ type: 'user' });
        config.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 1000 }];
        config.linux.gidMappings = [{ containerID: 0, hostID: 200_000, size: 1000 }];
        config.mounts.push({ destination: '/mapped', source: host, options: ['bind', 'idmap'] });
      },
    );
    // The root belongs to nobody there, who could make it.
    mkdirSync(join(bundle, 'rootfs/mapped'));
    const { stdout } = bench.run(bundle);
    expect(stdout.replaceAll(/ +/g, ' ')).toBe('0\n0:0\n 0 100000 1000\n/dev/null\n');
  });

  test('a root that is not pivoted to', () => {
    const { stdout, code } = bench.run(bench.bundle('ls /; echo x > /tmp/x'), '--no-pivot');
    expect(stdout.split('\n').filter((line) => line !== '')).toEqual([
      'bin',
      'dev',
      'etc',
      'proc',
      'sys',
      'tmp',
    ]);
    expect(code).toBe(1);
  });

  test('what is hidden and read-only is so', () => {
    const bundle = bench.bundle(
      'cat /etc/hidden; ls /tmp; touch /etc/x /tmp/x; cat /proc/sys/net/ipv4/ip_forward; hostname',
      (config) => {
        config.root.readonly = false;
        config.linux.maskedPaths = ['/etc/hidden', '/tmp', '/not/there'];
        config.linux.readonlyPaths = ['/etc'];
        config.linux.sysctl = { 'net.ipv4.ip_forward': '1' };
        config.hostname = 'named';
      },
    );
    writeFileSync(join(bundle, 'rootfs/etc/hidden'), 'secret\n');
    writeFileSync(join(bundle, 'rootfs/tmp/hidden'), 'secret\n');
    const { stdout, stderr } = bench.run(bundle);
    expect(stdout).toBe('1\nnamed\n');
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
  });
});

describe('an image', () => {
  test.each(['dev', 'proc', 'sys', 'dev/console', 'dev/pts'])(
    'with a link for /%s reaches nothing of the host',
    (name) => {
      const victim = join(bench.directory, `victim-${name.replace('/', '-')}`);
      mkdirSync(victim);
      const bundle = bench.bundle('echo ran', (config) => {
        if (name.startsWith('dev/')) {
          config.mounts = config.mounts.filter(
            (mount: { destination: string }) => !mount.destination.startsWith('/dev'),
          );
        }
      });
      const place = join(bundle, 'rootfs', name);
      rmSync(place, { recursive: true, force: true });
      symlinkSync(victim, place);
      bench.run(bundle);
      expect(readdirSync(victim)).toEqual([]);
      // What is made below a link is made inside the root.
      expect(existsSync(join(victim, 'null'))).toBe(false);
    },
  );

  test('with a link as its working directory is not led out', () => {
    const bundle = bench.bundle('pwd; ls', (config) => (config.process.cwd = '/out'));
    symlinkSync('/proc/self/fd/3', join(bundle, 'rootfs/out'));
    const outcome = bench.run(bundle);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
  });

  test('cannot write to the runtime: nothing of it is there', () => {
    const { stdout } = bench.run(bench.bundle('readlink /proc/1/exe; ls /proc/1/fd | wc -l'));
    expect(stdout).toMatch(/^\/bin\/busybox\n/);
    expect(readFileSync(bench.runtime.path, 'utf8')).toContain('#!/usr/bin/env');
  });
});
