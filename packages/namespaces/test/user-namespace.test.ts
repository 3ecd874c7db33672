import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync } from 'node:fs';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { isOwnIdOnly, readCgroupLayout, readSubordinateMaps, runNewIdMap } from '../src/index.js';
import { Scratch } from './busybox-root.js';
import { runContainer } from './container.js';

const able = needs('linux', 'root', 'busybox', 'user-namespaces');

describe('a new user namespace', able, () => {
  test('has the maps, and its root is not the host root', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    chownSync(root, 100_000, 200_000);
    for (const name of ['proc', 'dev', 'sys', 'tmp']) chownSync(`${root}/${name}`, 100_000, 200_000);
    chmodSync(scratch.path, 0o755);
    const { stdout, failure } = runContainer({
      root,
      script:
        'id; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; touch /tmp/x; stat -c "%u %g" / /bin',
      namespaces: { user: 'new' },
      uidMap: [
        { inside: 0, outside: 100_000, length: 1000 },
        { inside: 1000, outside: 50_000, length: 1 },
      ],
      gidMap: [{ inside: 0, outside: 200_000, length: 1000 }],
    });
    expect(failure).toBeUndefined();
    expect(stdout.replaceAll(/ +/g, ' ')).toBe(
      'uid=0(root) gid=0\n 0 100000 1000\n 1000 50000 1\n 0 200000 1000\nallow\n0 0\n65534 65534\n',
    );
  });

  test('of a user without privilege has the own id as root, and no setgroups (CVE-2014-8989)', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    chmodSync(scratch.path, 0o755);
    for (const name of ['', 'proc', 'dev', 'sys', 'tmp']) chownSync(`${root}/${name}`, 12_345, 23_456);
    const as = { uid: 12_345, gid: 23_456 };
    const { stdout, failure } = runContainer({
      root,
      rootOptions: { privileged: false },
      as,
      privileged: false,
      defaultMounts: { cgroups: readCgroupLayout() },
      script:
        'id -u; cat /proc/self/uid_map /proc/self/setgroups; touch /new && stat -c %u /new; echo x > /dev/null; ls /proc/1/ns | grep -c .',
      namespaces: { user: 'new' },
      uidMap: [{ inside: 0, outside: 12_345, length: 1 }],
      gidMap: [{ inside: 0, outside: 23_456, length: 1 }],
    });
    expect(failure?.error).toBeUndefined();
    expect(stdout.replaceAll(/ +/g, ' ')).toMatch(/^0\n 0 12345 1\ndeny\n0\n\d+\n$/);
  });

  test('whose ids are not the user’s to map is refused with a hint', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    chmodSync(scratch.path, 0o755);
    const { failure } = runContainer({
      root,
      rootOptions: { privileged: false },
      as: { uid: 12_345, gid: 23_456 },
      privileged: false,
      script: 'true',
      namespaces: { user: 'new' },
      uidMap: [{ inside: 0, outside: 0, length: 1 }],
      gidMap: [{ inside: 0, outside: 23_456, length: 1 }],
    });
    expect(failure?.error).toMatchObject({ code: 'EPERM', path: 'uid_map' });
    expect(failure?.error.hint).toContain('/etc/subuid');
  });
});

describe('newuidmap and newgidmap', needs('linux', 'newuidmap', 'unshare', 'user-namespaces'), () => {
  /** A process in a user namespace without maps. */
  async function unmapped(): Promise<{ pid: number } & AsyncDisposable> {
    const child = spawn('unshare', ['-U', 'sh', '-c', 'echo ready; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return {
      pid: child.pid!,
      [Symbol.asyncDispose]: async () => {
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        await closed;
      },
    };
  }
  const own = {
    uidMap: [{ inside: 0, outside: process.getuid!(), length: 1 }],
    gidMap: [{ inside: 0, outside: process.getgid!(), length: 1 }],
  };
  const read = (pid: number, name: string): string =>
    readFileSync(`/proc/${pid}/${name}`, 'utf8').trim().replaceAll(/ +/g, ' ');

  test('write the maps that they allow', async () => {
    await using target = await unmapped();
    await runNewIdMap(target.pid, own);
    expect(read(target.pid, 'uid_map')).toBe(`0 ${process.getuid!()} 1`);
    expect(read(target.pid, 'gid_map')).toBe(`0 ${process.getgid!()} 1`);
  });

  test('refuse others, in their own words', async () => {
    await using target = await unmapped();
    const uidMap = [{ inside: 0, outside: 4_000_000_000, length: 10 }];
    await expect(runNewIdMap(target.pid, { ...own, uidMap })).rejects.toMatchObject({
      code: 'ERR_NS_INVALID_ARGUMENT',
      message: expect.stringContaining('newuidmap: uid range') as string,
      hint: expect.stringContaining('/etc/subuid') as string,
    });
    expect(read(target.pid, 'uid_map')).toBe('');
  });

  test('that are not installed are named, with the package', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = '/nonexistent';
    try {
      await expect(runNewIdMap(1, own)).rejects.toMatchObject({
        code: 'ERR_NS_UNSUPPORTED',
        hint: expect.stringContaining('apt-get install uidmap') as string,
      });
    } finally {
      process.env['PATH'] = PATH;
    }
  });

  test('are not needed for the own id only', () => {
    expect(isOwnIdOnly(own)).toBe(true);
    expect(isOwnIdOnly({ ...own, uidMap: [{ inside: 0, outside: 4_000_000_000, length: 1 }] })).toBe(false);
    const [first] = readSubordinateMaps().uidMap;
    expect(first).toEqual(own.uidMap[0]);
  });
});
