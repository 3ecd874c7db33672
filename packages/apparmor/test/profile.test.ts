import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { call, CLONE, cstr, MS, PR } from '@ns/syscall';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { confinementOf, defaultProfile, detect, loadProfile, unloadProfile } from '../src/index.js';
import { PARSER } from './requirements.js';
import { bash, stay } from './run.js';

const NAME = `ns-test-${process.pid}`;
const OTHER = `${NAME}-other`;

/** Attempts that an unconfined process may make, and one under the default profile may not. */
const DENIED = [
  ['writing /proc/sysrq-trigger', 'echo h > /proc/sysrq-trigger'],
  ['reading /proc/kcore', 'head -c 16 /proc/kcore > /dev/null'],
  ['writing a setting of the kernel', 'cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern'],
  ['writing one that begins as shm does', 'echo 1 > /proc/sys/kernel/sysrq'],
  [
    'writing one that Docker’s pattern misses',
    'cat /proc/sys/kernel/domainname > /proc/sys/kernel/domainname',
  ],
  ['writing a setting of memory', 'cat /proc/sys/vm/swappiness > /proc/sys/vm/swappiness'],
  ['writing a setting of the network', 'echo 0 > /proc/sys/net/ipv4/ip_forward'],
  ['writing directly in /proc', ': >> /proc/version'],
  ['writing below /proc/irq', 'cat /proc/irq/default_smp_affinity > /proc/irq/default_smp_affinity'],
  ['writing in /sys', 'echo 0 > /sys/kernel/mm/ksm/run'],
  ['writing a module’s parameter', 'echo N > /sys/module/printk/parameters/ignore_loglevel'],
  ['reading the policy', 'cat /sys/kernel/security/apparmor/profiles > /dev/null'],
  ['mounting a tmpfs', 'busybox mount -t tmpfs none "$FOLDER"'],
  ['binding', 'busybox mount --bind /etc "$FOLDER"'],
  ['remounting', 'busybox mount -o remount,bind,ro "$FOLDER"'],
  ['changing the root', 'cd "$FOLDER" && mkdir old && pivot_root . old'],
  ['reading the environment of a process outside', 'cat /proc/$OUTSIDE/environ > /dev/null'],
  ['reading the environment of a process of another profile', 'cat /proc/$ELSEWHERE/environ > /dev/null'],
  ['following a link into a process outside', 'head -c 4 /proc/$OUTSIDE/exe > /dev/null'],
  ['signalling a process outside', 'kill -CONT $OUTSIDE'],
  ['signalling a process of another profile', 'kill -CONT $ELSEWHERE'],
] as const;

const ALLOWED = [
  [
    'making, reading, renaming and removing files',
    'cd "$FOLDER" && echo a > f && mv f g && ln -s g l && [ "$(cat l)" = a ] && rm g l && [ ! -e f ]',
  ],
  ['executing', '/bin/true && cp /bin/true "$FOLDER/t" && "$FOLDER/t" && rm "$FOLDER/t"'],
  ['capabilities', 'touch "$FOLDER/o" && chown 1:1 "$FOLDER/o" && rm "$FOLDER/o"'],
  ['devices', 'echo > /dev/null && head -c 4 /dev/urandom > /dev/null'],
  ['sockets', `perl -MSocket -e 'socket(S, PF_INET, SOCK_RAW, 1) or die $!'`],
  ['settings of shared memory', 'cat /proc/sys/kernel/shmmax > /proc/sys/kernel/shmmax'],
  ['reading settings', 'cat /proc/sys/kernel/core_pattern /proc/meminfo > /dev/null'],
  ['its own process', 'echo 500 > /proc/self/oom_score_adj && cat /proc/self/environ > /dev/null'],
  ['unmounting', 'umount "$FOLDER"'],
  [
    'cgroups',
    '[ ! -e /sys/fs/cgroup/cgroup.procs ] || { mkdir /sys/fs/cgroup/ns-test && rmdir /sys/fs/cgroup/ns-test; }',
  ],
  ['processes of the same profile', 'cat /proc/$INSIDE/environ > /dev/null && kill -CONT $INSIDE'],
] as const;

describe(
  'the default profile, on a kernel with AppArmor',
  needs('root', 'linux', 'apparmor', 'busybox', PARSER),
  () => {
    let folder = '';
    const places: Record<string, string> = {};
    const ends: AsyncDisposable[] = [];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ns-apparmor-'));
      const support = detect();
      if (!support.isAvailable) throw new Error(support.reason);
      for (const name of [NAME, OTHER])
        await loadProfile(defaultProfile({ name, features: support.features }));
      const [outside, inside, elsewhere] = [await stay(undefined), await stay(NAME), await stay(OTHER)];
      ends.push(outside, inside, elsewhere);
      Object.assign(places, {
        FOLDER: folder,
        OUTSIDE: String(outside.pid),
        INSIDE: String(inside.pid),
        ELSEWHERE: String(elsewhere.pid),
      });
    }, 60_000);
    afterAll(async () => {
      for (const one of ends) await one[Symbol.asyncDispose]();
      for (const name of [NAME, OTHER]) unloadProfile(name);
      rmSync(folder, { recursive: true });
    });

    /** In mount and network namespaces of its own, which are made before the profile applies. */
    const attempt = (profile: string | undefined, script: string) => {
      const variables = Object.entries(places).map(([name, value]) => `${name}=${value};`);
      return bash(
        profile,
        `${variables.join(' ')} ${script}`,
        call('unshare', [CLONE.CLONE_NEWNS | CLONE.CLONE_NEWNET], { what: 'unshare' }),
        call('mount', [0, cstr('/'), 0, MS.MS_REC | MS.MS_PRIVATE, 0], { what: 'keep mounts private' }),
        call('mount', [cstr('ns-test'), cstr(folder), cstr('tmpfs'), 0, 0], { what: 'mount a tmpfs' }),
      );
    };

    test.each(DENIED)('%s is denied, and is not without the profile', async (_, script) => {
      const outside = await attempt(undefined, script);
      expect(outside).toMatchObject({ status: { kind: 'exited', code: 0 } });
      const inside = await attempt(NAME, script);
      expect(inside.output).toMatch(/Permission denied|permission denied|Operation not permitted/);
      expect(inside.status).not.toMatchObject({ kind: 'exited', code: 0 });
    });

    test.each(ALLOWED)('%s: allowed', async (_, script) => {
      expect(await attempt(NAME, script)).toMatchObject({ status: { kind: 'exited', code: 0 }, output: '' });
    });

    test.each([
      [
        'by exec',
        'echo exec unconfined > /proc/self/attr/apparmor/exec && exec cat /proc/self/attr/apparmor/current',
      ],
      ['at once', 'echo changeprofile unconfined > /proc/self/attr/apparmor/current'],
      ['for another', `echo changeprofile ${OTHER} > /proc/self/attr/apparmor/current`],
    ])('it cannot be left %s', async (_, script) => {
      const { output } = await attempt(NAME, `${script}; cat /proc/self/attr/apparmor/current`);
      expect(output.trim().endsWith(`${NAME} (enforce)`)).toBe(true);
      expect(output).toMatch(/Permission denied|Operation not permitted/);
    });

    test('it holds with no_new_privs too', async () => {
      const steps = call('prctl', [PR.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], { what: 'no new privileges' });
      const { output } = await bash(NAME, 'cat /proc/self/attr/apparmor/current', steps);
      expect(output.trim()).toBe(`${NAME} (enforce)`);
    });

    test('a process outside may signal, trace and see one that is confined', async () => {
      expect(confinementOf(Number(places['INSIDE']))).toEqual({ profile: NAME, mode: 'enforce' });
      const { status } = await attempt(
        undefined,
        'kill -CONT $INSIDE && cat /proc/$INSIDE/environ > /dev/null',
      );
      expect(status).toMatchObject({ kind: 'exited', code: 0 });
    });

    test('ptrace: attaching', needs('strace'), async () => {
      const trace = (pid: string) => `timeout -s INT 2 strace -o /dev/null -p ${pid}; true`;
      expect((await attempt(NAME, trace('$OUTSIDE'))).output).toMatch(
        /ptrace\(PTRACE_\w+, \d+\): Permission denied/,
      );
      expect((await attempt(NAME, trace('$ELSEWHERE'))).output).toMatch(/Permission denied/);
      expect((await attempt(NAME, trace('$INSIDE'))).output).not.toMatch(/denied|not permitted/);
      expect((await attempt(undefined, trace('$INSIDE'))).output).not.toMatch(/denied|not permitted/);
    });
  },
);
