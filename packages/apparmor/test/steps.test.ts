import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { call, CLONE, cstr, exit, MS, slot } from '@ns/syscall';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { changeProfileOnExec } from '../src/index.js';
import { NO_APPARMOR } from './requirements.js';
import { openDirectory, run } from './run.js';

const FILE = 'attr/apparmor/exec';

describe('the profile is set nowhere but in the kernel', needs('root', 'linux'), () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ns-apparmor-'));
    mkdirSync(join(folder, 'thread-self/attr/apparmor'), { recursive: true });
    writeFileSync(join(folder, 'thread-self', FILE), '');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const proc = slot('proc');
  const change = changeProfileOnExec({ profile: 'ns-default', proc });
  const bind = (from: string, to: string) => [
    call('unshare', [CLONE.CLONE_NEWNS], { what: 'unshare' }),
    call('mount', [0, cstr('/'), 0, MS.MS_REC | MS.MS_PRIVATE, 0], { what: 'keep mounts private' }),
    call('mount', [cstr(from), cstr(to), 0, MS.MS_BIND, 0], { what: `bind ${from} on ${to}` }),
  ];

  test('not in a folder that looks like /proc (CVE-2019-16884, CVE-2019-19921)', async () => {
    const { failure } = await run(openDirectory(folder, proc), ...change, exit(0));
    expect(failure).toMatch(/^check that the procfs through which the profile is set is the kernel’s: EXDEV/);
    expect(await readFile(join(folder, 'thread-self', FILE), 'utf8')).toBe('');
  });

  test('not in one that is mounted on /proc', async () => {
    const { failure } = await run(...bind(folder, '/proc'), openDirectory('/proc', proc), ...change, exit(0));
    expect(failure).toContain('is the kernel’s: EXDEV');
    expect(await readFile(join(folder, 'thread-self', FILE), 'utf8')).toBe('');
  });

  test('not through a folder of a real procfs', async () => {
    const { failure } = await run(openDirectory('/proc/self', proc), ...change, exit(0));
    expect(failure).toMatch(/^check that the procfs is the whole of it: ENOTDIR/);
  });

  // Each of these files of procfs takes what is written to it, and does nothing with it (CVE-2025-52881).
  test.each(['/dev/null', '/proc/self/sched', '/proc/self/comm'])(
    'not in %s that is mounted over the file',
    needs('apparmor'),
    async (other) => {
      const steps = [...bind(other, `/proc/thread-self/${FILE}`), openDirectory('/proc', proc), ...change];
      const { failure } = await run(...steps, exit(0));
      expect(failure).toMatch(/^open the file that sets the AppArmor profile: EXDEV/);
    },
  );

  test('not in a folder that is mounted over those of the process', async () => {
    const steps = [...bind(folder, '/proc/thread-self/attr'), openDirectory('/proc', proc), ...change];
    const { failure } = await run(...steps, exit(0));
    expect(failure).toMatch(/^open the file that sets the AppArmor profile: EXDEV/);
  });

  test('without AppArmor the program does not go on', needs(NO_APPARMOR), async () => {
    const { failure, status } = await run(openDirectory('/proc', proc), ...change, exit(0));
    expect(failure).toMatch(/^open the file that sets the AppArmor profile: ENOENT/);
    expect(status).toMatchObject({ kind: 'exited', code: 111 });
  });

  test('a profile that is not loaded', needs('apparmor'), async () => {
    const unknown = changeProfileOnExec({ profile: 'ns-test-unknown', proc });
    const { failure } = await run(openDirectory('/proc', proc), ...unknown, exit(0));
    expect(failure).toMatch(/^change to the AppArmor profile ns-test-unknown on exec: ENOENT/);
  });
});
