import { once } from 'node:events';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { EngineClient } from '@ns/engine-api';
import { FakeEngine } from '@ns/engine-api/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { callNs, type CallOptions, type Ended } from './in-process.js';
import { ended, Program, writes } from './program.js';

let program: Program;
let engine: FakeEngine;
let folder = '';

beforeAll(async () => {
  program = await Program.build();
});
afterAll(() => program.remove());
beforeEach(async () => {
  engine = await FakeEngine.start();
  program.host = engine.host;
  folder = mkdtempSync(join(tmpdir(), 'ns-run-'));
});
afterEach(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true });
});

const ns = {
  run: (words: readonly string[] | string, options?: CallOptions): Promise<Ended> =>
    callNs(engine.host, words, options),
};

const PATIENCE_MS = 20_000;

/** Resolves when so many signals were handed on. */
const kills = (count: number): Promise<void> =>
  expect
    .poll(() => engine.trace.filter((line) => line.endsWith('/kill')).length, { timeout: PATIENCE_MS })
    .toBe(count);

/** Resolves when the container runs. */
const runs = (name: string): Promise<void> =>
  expect
    .poll(
      async () =>
        (
          await client()
            .containerInspect(name)
            .catch(() => undefined)
        )?.State.Running,
      { timeout: PATIENCE_MS },
    )
    .toBe(true);

const client = (): EngineClient => new EngineClient({ host: engine.host });

describe('run', () => {
  it('is a process that ends with the exit code of the container', async () => {
    expect(await program.run('run busybox exit 42')).toMatchObject({ exitCode: 42, signal: null });
    expect(await program.run('run --env-file /no/such busybox true')).toMatchObject({ exitCode: 125 });
  });

  it('shows what the container writes, each stream where it belongs', async () => {
    expect(await ns.run('run busybox echo hello world')).toMatchObject({
      exitCode: 0,
      stdout: 'hello world\n',
      stderr: '',
    });
    expect(await ns.run('run busybox warn oops')).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: 'oops\n',
    });
  });

  it.each([0, 1, 42, 255])('ends with its exit code %i', async (code) => {
    expect((await ns.run(`run busybox exit ${code}`)).exitCode).toBe(code);
  });

  it('is attached, and has its wait registered, before it starts it', async () => {
    await ns.run('run busybox true');
    expect(engine.trace[0]).toBe('POST /containers/create');
    expect(engine.trace.slice(1, 3).toSorted()).toEqual([
      'POST /containers/ID/attach',
      'POST /containers/ID/wait',
    ]);
    expect(engine.trace[3]).toBe('POST /containers/ID/start');
    expect(engine.requests.find(({ path }) => path.endsWith('/wait'))?.query).toEqual({
      condition: 'next-exit',
    });
  });

  it('does not start before both are there', async () => {
    for (const path of [/\/attach$/, /\/wait$/]) {
      const before = engine.requests.length;
      const release = engine.delay('POST', path);
      const running = ns.run('run busybox true');
      await expect.poll(() => engine.requests.length - before, { timeout: PATIENCE_MS }).toBeGreaterThan(2);
      await sleep(50);
      expect(engine.trace.slice(before)).not.toContain('POST /containers/ID/start');
      release();
      expect((await running).exitCode).toBe(0);
    }
  });

  it('--rm waits for the removal, and leaves nothing', async () => {
    expect((await ns.run('run --rm busybox exit 3')).exitCode).toBe(3);
    expect(engine.requests.find(({ path }) => path.endsWith('/wait'))?.query).toEqual({
      condition: 'removed',
    });
    expect(await client().containerList({ all: true })).toEqual([]);
  });

  it('-i passes input on to its end, and output goes on after it', async () => {
    const input = randomBytes(10_000_000);
    const child = program.start(['run', '-i', '--rm', 'busybox', 'cat']);
    child.stdin.end(input);
    const hash = createHash('sha256');
    const stderr = text(child.stderr);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) hash.update(chunk);
    expect(await stderr).toBe('');
    expect(hash.digest('hex')).toBe(createHash('sha256').update(input).digest('hex'));
  });

  it('without -i gives no input', async () => {
    expect(await ns.run('run busybox cat', { input: 'not for you' })).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
  });

  it('ends with the container though our input goes on', async () => {
    const child = program.start(['run', '-i', 'busybox', 'exit', '5']);
    expect((await ended(child)).exitCode).toBe(5);
  });

  it('-a shows only the streams that are named', async () => {
    expect(await ns.run('run -a stderr busybox echo x')).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await ns.run('run -a stdout busybox warn x')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('-d prints the id and leaves', async () => {
    const { stdout, exitCode } = await ns.run('run -d --name web busybox sleep');
    expect(exitCode).toBe(0);
    const container = await client().containerInspect('web');
    expect(stdout).toBe(`${container.Id}\n`);
    expect(container.State.Running).toBe(true);
    expect(container.Config).toMatchObject({ AttachStdout: false, AttachStdin: false });
  });

  it('sends what the flags say', async () => {
    const here = process.cwd();
    process.chdir(folder);
    try {
      const words = 'create --name x -e A=1 -e MINE -v ./d:/d -w /tmp --rootfs root sh -c ls';
      await ns.run(words, { env: { MINE: 'yes' } });
    } finally {
      process.chdir(here);
    }
    const { Config, HostConfig } = await client().containerInspect('x');
    expect(Config).toMatchObject({
      Env: ['A=1', 'MINE=yes'],
      WorkingDir: '/tmp',
      Image: '',
      Cmd: ['sh', '-c', 'ls'],
    });
    expect(HostConfig).toMatchObject({ Binds: [`${folder}/d:/d`], NsRootfs: `${folder}/root` });
  });
});

describe('what keeps a container from running', () => {
  it.each([
    [
      'run busybox nosuch',
      127,
      'Error response from daemon: exec: "nosuch": executable file not found in $PATH\n',
    ],
    ['run -d busybox nosuch', 127, 'executable file not found in $PATH\n'],
    ['run nosuch', 125, "ns: Unable to find image 'nosuch:latest' locally\nhint: "],
    ['run a/b@sha256:12 x', 125, "ns: Unable to find image 'a/b@sha256:12' locally\n"],
    ['run -it busybox cat', 1, 'the input device is not a TTY\n'],
  ])('%s ends with %i', async (words, code, message) => {
    const { exitCode, stderr } = await ns.run(words);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
  });

  it('a name that is taken: 125', async () => {
    await ns.run('create --name web busybox');
    const { exitCode, stderr } = await ns.run('run --name web busybox true');
    expect(stderr).toMatch(
      /^Error response from daemon: Conflict\. The container name "\/web" is already in use/,
    );
    expect(exitCode).toBe(125);
  });

  it('no engine: 125 for run, 1 for the rest', async () => {
    const env = { NS_HOST: 'unix:///no/such.sock' };
    const { exitCode, stderr } = await ns.run('run busybox true', { env });
    expect(stderr).toMatch(
      /^ns: cannot reach the engine at unix:\/\/\/no\/such\.sock: there is no such socket\nhint: /,
    );
    expect(exitCode).toBe(125);
    expect((await ns.run('ps', { env })).exitCode).toBe(1);
  });

  it.each([
    ['run --nosuch busybox', 'ns: unknown flag: --nosuch\n'],
    ['run -v /a:/ busybox', "destination can't be '/'\n"],
    ['run --tmpfs run busybox', 'mount path must be absolute\n'],
    ['run --mount type=bind,dst=/x busybox', 'source is required\n'],
    ['run -e =x busybox', 'ns: invalid environment variable: =x\n'],
    ['run --env-file /no/such busybox', 'ns: open /no/such: no such file or directory\n'],
    ['run --stop-timeout 99999999999999999999 busybox', 'it is out of range\n'],
    ['run --rm=maybe busybox', 'invalid argument "maybe" for "--rm" flag'],
    ['run --detach-keys ctrl-1 busybox', 'invalid detach keys (ctrl-1)'],
    ['run -d -a stdout busybox', 'conflicting options: cannot specify both --attach and --detach\n'],
    ['run --pid foo busybox', 'invalid PID mode'],
    ['create --ulimit nofile=2:1 busybox', 'ulimit soft limit must be less than or equal to hard limit'],
  ])('%s ends with 125, and nothing was asked of the engine', async (words, message) => {
    const { exitCode, stderr } = await ns.run(words);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\nSee 'ns (run|create) --help'\.\n$/);
    expect(exitCode).toBe(125);
    expect(engine.requests).toEqual([]);
  });

  it('an engine that dies meanwhile: 125, and what to do', async () => {
    const child = program.start(['run', '-i', 'busybox', 'cat']);
    child.stdin.write('x');
    await writes(child, 'x');
    const end = ended(child);
    await engine.stop();
    expect(await end).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('the connection to the engine was lost'),
    });
  });
});

describe('--cidfile', () => {
  it('has the id, once it is there', async () => {
    const file = join(folder, 'cid');
    const { stdout } = await ns.run(['run', '-d', '--cidfile', file, 'busybox', 'true']);
    expect(readFileSync(file, 'utf8')).toBe(stdout.trim());
  });

  it('must not exist', async () => {
    const file = join(folder, 'cid');
    writeFileSync(file, 'mine');
    const { exitCode, stderr } = await ns.run(['run', '--cidfile', file, 'busybox', 'true']);
    expect(stderr).toContain(
      `container ID file found, make sure the other container isn't running or delete ${file}`,
    );
    expect(exitCode).toBe(125);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(engine.requests).toEqual([]);
  });

  it('is gone when there is no container', async () => {
    const file = join(folder, 'cid');
    expect((await ns.run(['run', '--cidfile', file, 'nosuch'])).exitCode).toBe(125);
    expect(existsSync(file)).toBe(false);
    expect((await ns.run(['run', '--cidfile', '/no/such/cid', 'busybox'])).exitCode).toBe(125);
  });
});

describe('signals', () => {
  it('are handed on', async () => {
    const child = program.start(['run', 'busybox', 'signals']);
    await writes(child, 'ready\n');
    const end = ended(child);
    for (const [i, signal] of (['SIGHUP', 'SIGTERM', 'SIGUSR2', 'SIGWINCH', 'SIGUSR1'] as const).entries()) {
      child.kill(signal);
      await kills(i + 1);
    }
    expect(await end).toMatchObject({
      exitCode: 42,
      stdout: 'SIGHUP\nSIGTERM\nSIGUSR2\nSIGWINCH\nSIGUSR1\n',
    });
  });

  it('that a program dies of give 128 and its number', async () => {
    const child = program.start(['run', '--name', 'web', 'busybox', 'sleep']);
    await runs('web');
    child.kill('SIGTERM');
    expect((await ended(child)).exitCode).toBe(143);
  });

  it('--sig-proxy=false keeps them, and the container goes on', async () => {
    const child = program.start(['run', '--sig-proxy=false', '--name', 'web', 'busybox', 'signals']);
    await writes(child, 'ready\n');
    child.kill('SIGTERM');
    expect((await ended(child)).signal).toBe('SIGTERM');
    expect((await client().containerInspect('web')).State.Running).toBe(true);
  });

  it('three times SIGINT, and the user is let go', async () => {
    const child = program.start(['run', '--name', 'web', 'busybox', 'signals']);
    await writes(child, 'ready\n');
    const end = ended(child);
    for (const count of [1, 2]) {
      child.kill('SIGINT');
      await kills(count);
    }
    child.kill('SIGINT');
    expect(await end).toMatchObject({ exitCode: 1, stderr: '\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n' });
    expect((await client().containerInspect('web')).State.Running).toBe(true);
  });

  it('a reader that is gone ends it quietly', async () => {
    const child = program.start(['run', '-i', 'busybox', 'cat']);
    child.stdin.on('error', () => undefined);
    child.stdin.write('x\n'.repeat(1000));
    await writes(child, 'x');
    child.stdout.destroy();
    child.stdin.write('x\n'.repeat(1_000_000));
    const [stderr, [exitCode, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect({ stderr, exitCode, signal }).toEqual({ stderr: '', exitCode: null, signal: 'SIGPIPE' });
  });
});

describe('exec', () => {
  beforeEach(async () => {
    await ns.run('run -d --name web busybox sleep');
  });

  it('runs a command in a container', async () => {
    expect(await ns.run('exec web echo hi')).toMatchObject({ exitCode: 0, stdout: 'hi\n' });
    expect((await ns.run('exec web exit 7')).exitCode).toBe(7);
    expect(await ns.run('exec -i web cat', { input: 'in' })).toMatchObject({ exitCode: 0, stdout: 'in' });
    expect(await ns.run('exec -e A=1 web env')).toMatchObject({ stdout: 'A=1\n' });
  });

  it('-d leaves it running', async () => {
    expect(await ns.run('exec -d web sleep')).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it.each([
    ['exec web nosuch', 127],
    ['exec -d web nosuch', 127],
    ['exec nosuch true', 1],
    ['exec -it web true', 1],
    ['exec web', 1],
    ['exec --nosuch web true', 125],
    ['exec -e = web true', 125],
  ])('%s ends with %i', async (words, code) => {
    expect((await ns.run(words)).exitCode).toBe(code);
  });

  it('needs a container that runs', async () => {
    await ns.run('stop web');
    expect(await ns.run('exec web true')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is not running'),
    });
  });
});

describe('attach and start', () => {
  it('attach shows what comes, and ends with its exit code', async () => {
    await ns.run('run -d -i --name web busybox cat');
    const child = program.start(['attach', 'web']);
    child.stdin.write('hello');
    await writes(child, 'hello');
    await client().containerKill('web');
    expect((await ended(child)).exitCode).toBe(137);
  });

  it.each([
    ['web', 'cannot attach to a stopped container, start it first\n'],
    ['nosuch', 'Error response from daemon: No such container: nosuch\n'],
  ])('attach %s is refused', async (name, message) => {
    await ns.run('create --name web busybox');
    expect(await ns.run(`attach ${name}`)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(message),
    });
  });

  it('attach hands signals on', async () => {
    await ns.run('run -d --name web busybox signals');
    const child = program.start(['attach', '--no-stdin', 'web']);
    // It looks twice whether the container runs, the second time when it is attached.
    const looks = (): number => engine.trace.filter((line) => line === 'GET /containers/web/json').length;
    await expect.poll(looks, { timeout: PATIENCE_MS }).toBe(2);
    child.kill('SIGUSR1');
    expect(await ended(child)).toMatchObject({ exitCode: 42, stdout: expect.stringContaining('SIGUSR1') });
  });

  it('start starts several, and says so', async () => {
    await ns.run('create --name a busybox sleep');
    await ns.run('create --name b busybox sleep');
    expect(await ns.run('start b a')).toMatchObject({ exitCode: 0, stdout: 'b\na\n' });
    expect(await ns.run('start a nosuch')).toMatchObject({
      exitCode: 1,
      stdout: 'a\n',
      stderr:
        'Error response from daemon: No such container: nosuch\nError: failed to start containers: nosuch\n',
    });
  });

  it('start -ai is run again', async () => {
    await ns.run('create -i --name a busybox cat');
    expect(await ns.run('start -ai a', { input: 'once' })).toMatchObject({ exitCode: 0, stdout: 'once' });
    await ns.run('create --name b busybox exit 9');
    expect((await ns.run('start -a b')).exitCode).toBe(9);
    expect((await ns.run('start -a a b')).exitCode).toBe(1);
  });
});
