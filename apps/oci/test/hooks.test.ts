// needs: linux, root, busybox
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { Bench, type Config, until } from './harness.js';

const bench = new Bench();
afterAll(() => bench[Symbol.asyncDispose]());

/** A hook that writes its name and its input to a file. */
function recorder(bundle: string, name: string, more = ''): { path: string; args: string[]; env: string[] } {
  const path = join(bundle, `${name}.sh`);
  writeFileSync(
    path,
    `#!/bin/busybox sh\nread -r state; echo "$1 $X $state" >> ${bundle}/hooks.log\n${more}\nexit 0\n`,
  );
  chmodSync(path, 0o755);
  return { path, args: [name, name], env: ['X=x', 'PATH=/bin:/usr/bin'] };
}

const withHooks = (script: string, hooks: (bundle: string) => object): string => {
  const bundle = bench.bundle(script);
  const file = join(bundle, 'config.json');
  const config: Config = JSON.parse(readFileSync(file, 'utf8'));
  config.root.readonly = false;
  config.hooks = hooks(bundle);
  config.annotations = { a: 'b' };
  writeFileSync(file, JSON.stringify(config));
  return bundle;
};

const logOf = (bundle: string): { name: string; state: Config }[] =>
  readFileSync(join(bundle, 'hooks.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', , ...rest] = line.split(' ');
      return { name, state: JSON.parse(rest.join(' ')) };
    });

describe('hooks', () => {
  test('of all kinds run in their order, place and time, with the state', async () => {
    const bundle = withHooks('cat /started; sleep 100', (at) => {
      const inside = (name: string): object => ({
        path: '/bin/sh',
        args: [
          'sh',
          '-c',
          `read -r s; echo "${name} - $s" > /started; readlink /proc/self/ns/mnt >> /started`,
        ],
        env: ['PATH=/bin'],
      });
      return {
        prestart: [recorder(at, 'prestart', `readlink /proc/self/ns/mnt > ${at}/prestart.ns`)],
        createRuntime: [recorder(at, 'createRuntime')],
        createContainer: [
          recorder(
            at,
            'createContainer',
            `readlink /proc/self/ns/mnt > ${at}/createContainer.ns; ls ${at}/rootfs/dev/null > ${at}/seen`,
          ),
        ],
        startContainer: [inside('startContainer')],
        poststart: [recorder(at, 'poststart')],
        poststop: [recorder(at, 'poststop')],
      };
    });
    const id = bench.create(bundle);
    const output = bench.lastOutput;
    const { pid } = bench.state(id);
    expect(logOf(bundle).map(({ name }) => name)).toEqual(['prestart', 'createRuntime', 'createContainer']);
    const [prestart, , inContainer] = logOf(bundle);
    expect(prestart!.state).toEqual({
      ociVersion: expect.any(String),
      id,
      status: 'creating',
      pid,
      bundle,
      annotations: { a: 'b' },
    });
    // As the container's pid namespace has it.
    expect(inContainer!.state).toMatchObject({ status: 'creating', pid: 1 });
    const host = readFileSync(join(bundle, 'prestart.ns'), 'utf8');
    expect(readFileSync(join(bundle, 'createContainer.ns'), 'utf8')).not.toBe(host);
    // Host paths, and the container's mounts below its root.
    expect(readFileSync(join(bundle, 'seen'), 'utf8')).toBe(`${bundle}/rootfs/dev/null\n`);
    expect(existsSync(join(bundle, 'rootfs/started'))).toBe(false);

    bench.must(['start', id]);
    await until(() => readFileSync(output, 'utf8').split('\n').length > 2, 'output');
    const [started = ''] = readFileSync(output, 'utf8').split('\n');
    expect(JSON.parse(started.replace('startContainer - ', ''))).toMatchObject({
      id,
      status: 'created',
      pid: 1,
    });
    expect(logOf(bundle).at(-1)).toMatchObject({ name: 'poststart', state: { status: 'running', pid } });
    bench.must(['delete', '--force', id]);
    expect(logOf(bundle).at(-1)).toMatchObject({ name: 'poststop', state: { status: 'stopped' } });
    expect(logOf(bundle).at(-1)!.state).not.toHaveProperty('pid');
  });

  test.each(['prestart', 'createRuntime', 'createContainer'])(
    'that fail at %s stop the creation, and say why',
    (kind) => {
      const bundle = withHooks('true', (at) => ({
        [kind]: [recorder(at, kind, 'echo the reason >&2; exit 3')],
      }));
      const outcome = bench.run(bundle);
      expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('the reason') });
      expect(outcome.stderr).toContain(`${kind} hook`);
      expect(bench.must(['list', '--quiet'])).toBe('');
    },
  );

  test('that fail at startContainer stop the start', () => {
    const bundle = withHooks('echo ran', () => ({ startContainer: [{ path: '/bin/false' }] }));
    const outcome = bench.run(bundle);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('run the startContainer hook /bin/false');
  });

  test('that fail at poststart end the container', async () => {
    const bundle = withHooks('sleep 1000', () => ({ poststart: [{ path: '/bin/false' }] }));
    const id = bench.create(bundle);
    expect(bench.sync(['start', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('poststart hook /bin/false'),
    });
    await until(() => bench.state(id).status === 'stopped', 'its end');
    bench.must(['delete', id]);
    expect(bench.run(bundle).code).toBe(1);
    expect(bench.must(['list', '--quiet'])).toBe('');
  });

  test('that fail at poststop are told only', () => {
    const bundle = withHooks('echo ran', () => ({ poststop: [{ path: '/bin/false' }] }));
    const outcome = bench.run(bundle);
    expect(outcome).toMatchObject({ code: 0, stdout: 'ran\n' });
    expect(outcome.stderr).toContain('poststop hook /bin/false');
  });

  test.each(['createRuntime', 'createContainer'])('that do not end in time at %s are ended', (kind) => {
    const hook = { path: '/bin/sleep', args: ['sleep', '50'], timeout: 1 };
    const began = Date.now();
    const outcome = bench.run(withHooks('true', () => ({ [kind]: [hook] })));
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('timeout of 1 s') });
    expect(Date.now() - began).toBeLessThan(45_000);
  });

  test('whoever creates is killed in the middle: nothing goes on, and it can be deleted', async () => {
    const bundle = withHooks('echo ran', (at) => ({
      createRuntime: [recorder(at, 'slow', 'exec sleep 3')],
    }));
    const id = 'killed';
    const child = bench.spawn(['create', '--bundle', bundle, id]);
    const log = join(bundle, 'hooks.log');
    await until(() => existsSync(log) && readFileSync(log, 'utf8').endsWith('\n'), 'the hook');
    child.kill('SIGKILL');
    const { pid } = logOf(bundle)[0]!.state as { pid: number };
    await until(() => !existsSync(`/proc/${pid}/exe`) || bench.state(id).status === 'stopped', 'its end');
    bench.must(['delete', '--force', id]);
    expect(bench.must(['list', '--quiet'])).toBe('');
  });

  test('whose memory runs out: the limit is named as the cause', () => {
    const bundle = withHooks('true', () => ({
      createContainer: [
        { path: '/bin/busybox', args: ['sh', '-c', 'x=aaaaaaaa; while :; do x=$x$x; done'], env: [] },
      ],
    }));
    const file = join(bundle, 'config.json');
    const config: Config = JSON.parse(readFileSync(file, 'utf8'));
    config.linux.resources.memory = { limit: 4 * 1024 * 1024, swap: 4 * 1024 * 1024 };
    writeFileSync(file, JSON.stringify(config));
    const outcome = bench.run(bundle);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('memory ran out') });
    expect(outcome.stderr).toContain('raise the memory limit');
  });
});
