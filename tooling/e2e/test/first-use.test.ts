// needs: linux, root, unshare, overlayfs
import { readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ENVIRONMENT, run, type Ended } from '../src/command.ts';
import { Engine } from '../src/engine.ts';
import { developmentNode, executable, systemNode } from '../src/executables.ts';
import { Sandbox } from '../src/sandbox.ts';

describe('ns where no daemon runs', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await Sandbox.open({ hideDefaults: true });
  });
  afterEach(() => sandbox[Symbol.asyncDispose]());

  const ns = (...args: string[]): Promise<Ended> =>
    run(sandbox.entering([systemNode(), '--', executable('cli'), ...args]));
  const daemons = (): string[] =>
    sandbox
      .processes()
      .map(({ pid }) => readFileSync(sandbox.proc(pid, 'cmdline'), 'utf8'))
      .filter((line) => line.includes('ns-daemon'));

  it('starts one, says so, and the next one uses it', async () => {
    const first = await ns('run', '--rm', '--network=none', 'hello-world');
    expect(first.stderr).toMatch(/^ns: started ns-daemon \(pid \d+, log \/var\/lib\/ns\/ns-daemon\.log\)\n$/);
    expect(first.stdout).toContain('Hello from ns!');
    expect(first.status).toBe(0);
    expect(await ns('ps', '-aq')).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
    expect(daemons().length).toBe(1);
    expect(readFileSync(sandbox.path('/var/lib/ns/ns-daemon.log'), 'utf8')).toContain('is ready');
  });

  it('starts one for several that come at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 4 }, () => ns('run', '--rm', '--network=none', 'hello-world')),
    );
    expect(all.map(({ status, stdout }) => [status, stdout.includes('Hello from ns!')])).toEqual(
      all.map(() => [0, true]),
    );
    expect(daemons().length).toBe(1);
  });

  it('starts none when somebody named an engine, and says what it was told', async () => {
    const { status, stderr } = await run(
      sandbox.entering(['env', 'NS_HOST=unix:///run/none.sock', systemNode(), '--', executable('cli'), 'ps']),
    );
    expect(stderr).toContain('unix:///run/none.sock');
    expect(status).toBe(1);
    expect(daemons()).toEqual([]);
  });

  it('needs none to show its help and its version', async () => {
    expect((await ns('--help')).stdout).toContain('explain');
    expect((await ns('--version')).stdout).toMatch(/\d+\.\d+\.\d+/);
    expect(daemons()).toEqual([]);
  });
});

describe('ns explain run', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.start();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it('prints the program, in plain words and with its system calls, and makes nothing', async () => {
    const before = await engine.traces();
    const text = await engine.out([
      'explain',
      'run',
      '--hostname=told',
      '--read-only',
      '--user=nobody',
      '--workdir=/tmp',
      '--rootfs=/',
      'true',
    ]);
    const calls = ['clone3', 'sethostname', 'fsopen', 'move_mount', 'pivot_root', 'setgroups', 'setresuid'];
    for (const call of [...calls, 'close_range', 'execve']) expect(text).toContain(call);
    expect(text.indexOf('pivot_root')).toBeLessThan(text.indexOf('execve'));
    expect(text).toContain('told');
    const json = JSON.parse(await engine.out('explain --json run --rootfs=/ true')) as { Steps: unknown[] };
    expect(json.Steps.length).toBeGreaterThan(20);
    expect(await engine.settledTraces(before)).toEqual(before);
  });

  it('tells what differs between two command lines', async () => {
    const lines = async (...flags: string[]): Promise<string[]> =>
      (await engine.out(['explain', 'run', ...flags, '--rootfs', '/', 'true'])).split('\n');
    const plain = await lines();
    const more = await lines('--init', '--tmpfs', '/scratch', '--sysctl', 'net.core.somaxconn=99');
    expect(plain.join('\n')).not.toMatch(/scratch|somaxconn/);
    expect(more.join('\n')).toMatch(/scratch[^]*somaxconn|somaxconn[^]*scratch/);
    expect(more.length).toBeGreaterThan(plain.length);
  });
});

describe.each([
  ["the machine's own Node", systemNode()],
  ['the Node of this repository', developmentNode],
])('with %s', (_, node) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.start(node);
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it('a container runs, is entered and removed', async () => {
    expect(await engine.out('version --format {{.Client.Version}}')).toBe(
      await engine.out('version --format {{.Server.Version}}'),
    );
    await engine.out('run -d --name one --network=none --rootfs / sleep 1000');
    expect(await engine.ns('exec -i one cat', { stdin: 'through' })).toMatchObject({
      status: 0,
      stdout: 'through',
    });
    expect(await engine.ns('exec one sh -c exit${IFS}3')).toMatchObject({ status: 3 });
    expect(await engine.out('rm -f one')).toBe('one');
    expect(engine.log()).not.toMatch(/Warning|\n {4}at /);
  });

  it('the executables start by themselves', async () => {
    const env = { ...ENVIRONMENT, PATH: `${node.replace(/\/[^/]+$/, '')}:${ENVIRONMENT['PATH']}` };
    for (const app of ['cli', 'daemon'] as const) {
      const { status, stdout, stderr } = await run([executable(app), '--version'], { env });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/\d+\.\d+\.\d+/);
    }
  });
});
