// needs: linux, root, busybox
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { openCgroup } from '@ns/cgroups';
import { afterAll, describe, expect, test } from 'vitest';

import { Bench, until } from './harness.js';

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

const statOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');

describe('create, start, kill, delete', () => {
  test('a container waits for its start, then runs, then ends', async () => {
    const bundle = bench.bundle('trap "exit 7" TERM; echo up; while :; do sleep 0.1; done');
    const pidFile = join(bundle, 'pid');
    const id = bench.create(bundle, '--pid-file', pidFile);
    const output = bench.lastOutput;
    const { status, pid } = bench.state(id);
    expect(status).toBe('created');
    expect(readFileSync(pidFile, 'utf8')).toBe(String(pid));
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('ns-init\n');
    expect(readFileSync(output, 'utf8')).toBe('');

    bench.must(['start', id]);
    expect(bench.state(id)).toMatchObject({ status: 'running', pid });
    await until(() => readFileSync(output, 'utf8') === 'up\n', 'output');
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('sh\0-c\0');

    // Nobody of ours stays with it.
    expect(openCgroup(`${bench.cgroup}/${id}`).processes()).toContain(pid);
    const parent = Number(statOf(pid)[1]);
    expect(readFileSync(`/proc/${parent}/cmdline`, 'utf8')).not.toContain('ns-oci.js');

    expect(bench.sync(['delete', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not stopped: running'),
    });
    bench.must(['kill', id, 'TERM']);
    await until(() => bench.state(id).status === 'stopped', 'its end');
    expect(bench.sync(['kill', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('container not running'),
    });
    expect(bench.sync(['kill', '--all', id, 'KILL']).code).toBe(0);
    bench.must(['delete', id]);
    expect(existsSync(join(bench.root, id))).toBe(false);
    expect(() => openCgroup(`${bench.cgroup}/${id}`)).toThrow('there is no cgroup');
    expect(bench.sync(['state', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not exist'),
    });
    expect(bench.sync(['delete', id]).code).toBe(1);
    expect(bench.sync(['delete', '--force', id]).code).toBe(0);
  });

  test('an id is given once', () => {
    const bundle = bench.bundle('sleep 100');
    const id = bench.create(bundle);
    const again = bench.sync(['create', '--bundle', bundle, id]);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('container with given ID already exists'),
    });
    bench.must(['delete', '--force', id]);
  });

  test('it is started once', () => {
    const id = bench.create(bench.bundle('sleep 100'));
    bench.must(['start', id]);
    expect(bench.sync(['start', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('already running'),
    });
    bench.must(['delete', '--force', id]);
  });

  test('one that is paused before its start can be resumed and started', () => {
    const id = bench.create(bench.bundle('sleep 100'));
    bench.must(['pause', id]);
    expect(bench.state(id).status).toBe('paused');
    expect(bench.sync(['start', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot start a container in the paused state'),
    });
    bench.must(['resume', id]);
    expect(bench.state(id).status).toBe('created');
    bench.must(['start', id]);
    bench.must(['delete', '--force', id]);
  });

  test('the start of one that has died does not hang', async () => {
    const id = bench.create(bench.bundle('sleep 100'));
    const { pid } = bench.state(id);
    process.kill(pid, 'SIGKILL');
    await until(() => !existsSync(`/proc/${pid}`) || statOf(pid)[0] === 'Z', 'its end');
    expect(bench.sync(['start', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('stopped') });
    bench.must(['delete', id]);
  });

  test('one that was created and never started can be deleted', () => {
    const id = bench.create(bench.bundle('sleep 100'));
    bench.must(['delete', id]);
    expect(readdirSync(bench.root)).not.toContain(id);
  });
});

describe('run', () => {
  test('exits as the program does, and leaves nothing', () => {
    const outcome = bench.run(bench.bundle('echo out; echo err >&2; exit 3'));
    expect(outcome).toMatchObject({ code: 3, stdout: 'out\n', stderr: expect.stringMatching(/err\n$/) });
    expect(bench.run(bench.bundle('sleep 1 & kill -9 $!; wait $!; exit $?')).code).toBe(137);
    expect(bench.must(['list', '--quiet'])).toBe('');
  });

  test('hands on its input and signals', async () => {
    expect(bench.sync(['run', '--bundle', bench.bundle('cat'), 'in'], { input: 'hello' })).toMatchObject({
      code: 0,
      stdout: 'hello',
    });
    const child = bench.spawn([
      'run',
      '--bundle',
      bench.bundle('trap "exit 9" USR1; echo up; while :; do sleep 0.1; done'),
      'signals',
    ]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGUSR1');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(9);
  });

  test.each([
    ['nosuch', 'exec: "nosuch": executable file not found in $PATH'],
    ['/bin/nosuch', 'exec: "/bin/nosuch": no such file or directory'],
    ['/etc/passwd', 'exec: "/etc/passwd": permission denied'],
  ])('says that %s cannot be executed, before the start', (command, words) => {
    const bundle = bench.bundle('', (config) => (config.process.args = [command]));
    const log = join(bundle, 'log');
    const outcome = bench.sync(['--log', log, '--log-format', 'json', 'create', '--bundle', bundle, 'bad']);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
    expect(JSON.parse(readFileSync(log, 'utf8').trim().split('\n').at(-1)!)).toMatchObject({
      level: 'error',
      msg: expect.stringContaining(words),
    });
    expect(bench.must(['list', '--quiet'])).toBe('');
  });

  test('says at the start what only execve tells', () => {
    const bundle = bench.bundle('', (config) => (config.process.args = ['/etc']));
    expect(bench.run(bundle)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exec: "/etc": permission denied'),
    });
    expect(bench.must(['list', '--quiet'])).toBe('');
  });
});
