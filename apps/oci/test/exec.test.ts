// needs: linux, root, busybox
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openCgroup } from '@ns/cgroups';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Bench, until, type Outcome } from './harness.js';

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

describe('exec', () => {
  let id = '';
  beforeAll(() => {
    id = bench.create(bench.bundle('sleep 100'));
    bench.must(['start', id]);
  });

  test('runs in the container, and exits as the program does', () => {
    const outcome = bench.sync([
      'exec',
      id,
      'sh',
      '-c',
      'readlink /proc/self/ns/pid; hostname; cat /proc/1/comm; exit 4',
    ]);
    const { pid } = bench.state(id);
    expect(outcome.code).toBe(4);
    const [namespace, hostname, first] = outcome.stdout.split('\n');
    expect(namespace).toMatch(/^pid:\[\d+\]$/);
    expect(hostname).toBe('ns-oci');
    expect(first).toBe('sleep');
    expect(pid).toBeGreaterThan(1);
  });

  test('as another user, elsewhere, with more in the environment', () => {
    const words = ['--user', '5:6', '--additional-gids', '7', '--cwd', '/tmp', '--env', 'A=B'];
    const { stdout } = bench.sync(['exec', ...words, id, 'sh', '-c', 'id; pwd; echo $A']);
    expect(stdout).toBe('uid=5 gid=6 groups=7\n/tmp\nB\n');
  });

  test('of a command that is not there', () => {
    expect(bench.sync(['exec', id, 'nosuch'])).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('exec: "nosuch": executable file not found in $PATH'),
    });
  });

  test.each([
    ['a descriptor that is not open', ['--preserve-fds', '1000'], 'preserved-fd 0 (of 1000): descriptor 3'],
    ['more descriptors than there can be', ['--preserve-fds', '999999999999999'], 'descriptor 3 is not open'],
    ['a negative number of them', ['--preserve-fds=-1'], '-1 is no number of descriptors'],
    ['a cgroup that is not there', ['--cgroup', 'nosuch'], 'make the sub-cgroup first'],
    ['a cgroup outside', ['--cgroup', '/../..'], 'is not a sub cgroup path'],
    ['a controller that is not there', ['--cgroup', 'nosuch:/'], 'no hierarchy of version 1'],
    ['a terminal for nobody', ['--tty', '--detach'], 'name a socket with --console-socket'],
    ['an SELinux label', ['--process-label', 'a:b:c'], 'does not set SELinux labels'],
    ['a user by name', ['--user', 'root'], '"root" is no id'],
  ])('%s is refused', (_name, flags, words) => {
    const log = join(bench.directory, 'exec.log');
    writeFileSync(log, '');
    const outcome = bench.sync([
      '--log',
      log,
      '--log-format',
      'json',
      'exec',
      ...flags,
      id,
      'sh',
      '-c',
      'echo ran',
    ]);
    expect(outcome).toMatchObject({ code: 255, stdout: '', stderr: expect.stringContaining(words) });
    const [line = ''] = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-1);
    expect(JSON.parse(line)).toMatchObject({ level: 'error', msg: expect.stringMatching(/^exec failed: /) });
  });

  test('an error is JSON on stderr for a caller who asked for that, and has no file for it', () => {
    const { code, stderr } = bench.sync(['--log-format', 'json', 'exec', 'nosuch', 'true']);
    expect(code).toBe(255);
    expect(JSON.parse(stderr)).toMatchObject({
      level: 'error',
      msg: expect.stringContaining('exec failed: container: container does not exist'),
    });
  });

  test('in a cgroup below the container’s', () => {
    const container = openCgroup(`${bench.cgroup}/${id}`);
    const { hierarchies, kind } = container.layout;
    const directories = hierarchies.map(({ mountPoint }) => `${mountPoint}${container.path}/sub`);
    for (const directory of directories) mkdirSync(directory);
    for (const hierarchy of hierarchies) {
      // A cpuset of version 1 begins empty.
      if (hierarchy.version === 2 || !hierarchy.controllers.includes('cpuset')) continue;
      for (const name of ['cpuset.cpus', 'cpuset.mems']) {
        const above = `${hierarchy.mountPoint}${container.path}`;
        writeFileSync(`${above}/sub/${name}`, readFileSync(`${above}/${name}`));
      }
    }
    const paths = (...flags: string[]): string[] =>
      bench
        .must(['exec', ...flags, id, 'cat', '/proc/self/cgroup'])
        .trimEnd()
        .split('\n');
    expect(paths('--cgroup', 'sub').every((line) => line.endsWith('/sub'))).toBe(true);
    // Version 2 has one hierarchy, and no controllers to name.
    const controllers = kind === 'v2' ? [] : ['memory', 'pids'];
    const flags = kind === 'v2' ? ['/'] : ['memory,pids:/sub', '--cgroup', 'cpu:/'];
    const below = paths('--cgroup', ...flags).filter((line) => line.endsWith('/sub'));
    expect(new Set(below.map((line) => line.split(':')[1]))).toEqual(new Set(controllers));
    for (const directory of directories) rmdirSync(directory);
  });

  test('of a file', () => {
    const file = join(bench.directory, 'process.json');
    const run = (process: object): Outcome => {
      writeFileSync(file, JSON.stringify({ cwd: '/', env: ['PATH=/bin'], ...process }));
      return bench.sync(['exec', '--process', file, id]);
    };
    const capabilities = Object.fromEntries(
      ['bounding', 'effective', 'permitted'].map((set) => [set, ['CAP_KILL']]),
    );
    const script = 'id; grep -E "CapEff|NoNew" /proc/self/status';
    expect(
      run({ args: ['sh', '-c', script], user: { uid: 0, gid: 4 }, capabilities, noNewPrivileges: true }),
    ).toMatchObject({
      code: 0,
      stdout: 'uid=0(root) gid=4\nCapEff:\t0000000000000020\nNoNewPrivs:\t1\n',
    });
    expect(run({ args: [] })).toMatchObject({ code: 255, stderr: expect.stringContaining('process.args') });
  });

  test('detached, with its pid in a file', async () => {
    const file = join(bench.directory, 'exec.pid');
    expect(bench.background(['exec', '-d', '--pid-file', file, id, 'sleep', '99']).code).toBe(0);
    const pid = readFileSync(file, 'utf8');
    await until(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\u000099\u0000', 'the program');
    process.kill(Number(pid), 'SIGKILL');
  });

  test('is refused while the container is paused', () => {
    bench.must(['pause', id]);
    expect(bench.state(id).status).toBe('paused');
    expect(bench.sync(['exec', id, 'true'])).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('exec failed: exec: cannot exec in a paused container'),
    });
    expect(bench.sync(['pause', id]).code).toBe(1);
    bench.must(['resume', id]);
    expect(bench.sync(['resume', id]).code).toBe(1);
    expect(bench.sync(['exec', id, 'true']).code).toBe(0);
  });

  test('a paused container can be killed and deleted', () => {
    bench.must(['pause', id]);
    bench.must(['delete', '--force', id]);
    expect(bench.sync(['state', id]).code).toBe(1);
  });
});
