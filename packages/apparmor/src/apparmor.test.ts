import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { explain, slot, type Step } from '@ns/syscall';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  changeProfileOnExec,
  detect,
  mediates,
  parseConfinement,
  parseProfiles,
  readFeatures,
} from './index.js';

describe('text of the kernel', () => {
  test.each([
    ['unconfined\n', { profile: 'unconfined', mode: undefined }],
    ['unconfined\0', { profile: 'unconfined', mode: undefined }],
    ['unconfined (unconfined)', { profile: 'unconfined', mode: undefined }],
    ['ns-default (enforce)\n', { profile: 'ns-default', mode: 'enforce' }],
    ['/usr/bin/my program (x) (complain)', { profile: '/usr/bin/my program (x)', mode: 'complain' }],
    ['a//&b (mixed)', { profile: 'a//&b', mode: 'mixed' }],
  ])('%j says how a process is confined', (text, expected) => {
    expect(parseConfinement(text)).toEqual(expected);
  });

  test('lists profiles', () => {
    expect(parseProfiles('ns-default (enforce)\n/usr/bin/a b (complain)\nx//child (kill)\n')).toEqual([
      { name: 'ns-default', mode: 'enforce' },
      { name: '/usr/bin/a b', mode: 'complain' },
      { name: 'x//child', mode: 'kill' },
    ]);
    expect(parseProfiles('')).toEqual([]);
  });
});

describe('detect', () => {
  let root = '';
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const found = () =>
    detect({ securityfs: join(root, 'security/apparmor'), parameters: join(root, 'parameters') });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ns-apparmor-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('a kernel that was built without it', () => {
    expect(found()).toMatchObject({ isAvailable: false, reason: 'this kernel has no AppArmor' });
  });

  test('one that was started without it', () => {
    write('parameters/enabled', 'N\n');
    expect(found()).toMatchObject({
      isAvailable: false,
      reason: 'this kernel has AppArmor and it is not enabled',
      hint: expect.stringContaining('apparmor=1'),
    });
  });

  test('one whose policy is not mounted', () => {
    write('parameters/enabled', 'Y\n');
    expect(found()).toMatchObject({
      isAvailable: false,
      reason: expect.stringContaining('securityfs is not mounted'),
      hint: expect.stringContaining('mount -t securityfs'),
    });
  });

  test('one that has it, and what that can do', () => {
    write('parameters/enabled', 'Y\n');
    write('parameters/mode', 'complain\n');
    write('security/apparmor/features/signal/mask', 'hup int\n');
    write('security/apparmor/features/capability', '0xff\n');
    const support = found();
    expect(support).toMatchObject({ isAvailable: true, mode: 'complain' });
    const features = readFeatures(join(root, 'security/apparmor/features'));
    expect(features).toEqual(
      new Map([
        ['signal/mask', 'hup int'],
        ['capability', '0xff'],
      ]),
    );
    expect(support.isAvailable && support.features).toEqual(features);
    expect([
      mediates(features, 'signal'),
      mediates(features, 'capability'),
      mediates(features, 'sig'),
    ]).toEqual([true, true, false]);
  });

  test('to somebody who may not read the parameters', () => {
    write('security/apparmor/features/capability', '0xff');
    expect(found()).toMatchObject({ isAvailable: true, mode: undefined });
  });
});

describe('steps', () => {
  const steps = (profile: string): Step[] => changeProfileOnExec({ profile, proc: slot('proc') });

  test('check what is written to before it is written to', () => {
    const program = { title: 'test', statusFd: 3, failureStatus: 1, steps: steps('ns-default') };
    expect(explain(program)).toMatchInlineSnapshot(`
      "test (6 system calls)

         AppArmor profile ns-default
      1    see what file system the procfs through which the profile is set is on
             fstatfs(proc, <struct statfs, 120 bytes>)
           file system type = u64 at <struct statfs, 120 bytes>
           if file system type != 40864:
             give up: check that the procfs through which the profile is set is the kernel’s (EXDEV)

           the root of a procfs
      2      look at the root of the procfs
               statx(proc, "", AT_EMPTY_PATH, STATX_INO, <struct statx, 256 bytes>)
             inode = u64 at <struct statx, 256 bytes> + 32
             if inode != 1:
               give up: check that the procfs is the whole of it (ENOTDIR)

      3    open the file that sets the AppArmor profile
             openat2(proc, "thread-self/attr/apparmor/exec", {flags: O_WRONLY|O_CLOEXEC, mode: 0,
               resolve: RESOLVE_BENEATH|RESOLVE_NO_XDEV|RESOLVE_NO_MAGICLINKS}, 24) → attr/apparmor/exec
      4    see what file system the file that sets the AppArmor profile is on
             fstatfs(attr/apparmor/exec, <struct statfs, 120 bytes>)
           file system type = u64 at <struct statfs, 120 bytes>
           if file system type != 40864:
             give up: check that the file that sets the AppArmor profile is the kernel’s (EXDEV)
      5    change to the AppArmor profile ns-default on exec
             write(attr/apparmor/exec, "exec ns-default", 15)
      6    close the file that sets the AppArmor profile
             close(attr/apparmor/exec)
      "
    `);
  });

  test.each(['', ' x', 'x\n', 'x\0y', 'x'.repeat(5000)])('refuse the name %j', (name) => {
    expect(() => steps(name)).toThrow("is not a profile's name");
  });
});
