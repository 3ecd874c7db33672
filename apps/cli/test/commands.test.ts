import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FakeEngine } from '@ns/engine-api/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { callNs, type CallOptions, type Ended } from './in-process.js';

let engine: FakeEngine;
let folder = '';

beforeAll(async () => {
  engine = await FakeEngine.start();
  folder = mkdtempSync(join(tmpdir(), 'ns-commands-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await engine.stop();
});

const ns = {
  run: (words: readonly string[] | string, options?: CallOptions): Promise<Ended> =>
    callNs(engine.host, words, options),
};

const out = async (words: readonly string[] | string, input?: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await ns.run(words, input === undefined ? {} : { input });
  expect(stderr, String(words)).toBe('');
  expect(exitCode, String(words)).toBe(0);
  return stdout;
};

describe('containers', () => {
  it('are listed, logged, renamed, stopped, waited for, removed', async () => {
    await out('run --name one busybox echo hello');
    const id = (await out('run -d --name two busybox signals')).trim();
    expect(await out('ps --format {{.Names}}')).toBe('two\n');
    expect(await out('ps -aq --no-trunc')).toContain(id);
    expect(await out('ps -a --format {{.Names}} --filter status=exited')).toBe('one\n');
    expect(await out('ps -l --format {{.Names}}')).toBe('two\n');
    expect(await out('container ls -n 1 --format {{.Names}}')).toBe('two\n');
    expect(await out('logs one')).toBe('hello\n');
    expect(await out('logs -t --tail 1 one')).toMatch(/^\d{4}-\d\d-\d\dT\S+Z hello\n$/);
    expect(await out('top two')).toBe('PID                 CMD\n4711                signals\n');
    expect(await out('rename two three')).toBe('');
    expect(await out('kill -s HUP three')).toBe('three\n');
    expect(await out('restart -t 0 three')).toBe('three\n');
    expect(await out('stop -t 0 three one')).toBe('three\none\n');
    expect(await out('wait three one')).toBe('137\n0\n');
    expect(await out('rm three')).toBe('three\n');
    expect(await out('container rm -f one')).toBe('one\n');
    expect(await out('ps -a --format json')).toBe('');
  });

  it('that are missing are told one by one', async () => {
    await out('create --name here busybox');
    expect(await ns.run('rm nosuch here gone')).toMatchObject({
      exitCode: 1,
      stdout: 'here\n',
      stderr:
        'Error response from daemon: No such container: nosuch\nError response from daemon: No such container: gone\n',
    });
    expect((await ns.run('rm -f nosuch')).exitCode).toBe(0);
    expect((await ns.run('rename x ')).stderr).toContain('may be empty');
  });
});

describe('images', () => {
  it('are imported, tagged, listed, saved, removed', async () => {
    const archive = join(folder, 'root.tar');
    writeFileSync(archive, 'pretend');
    expect(await out(['import', '-m', 'hi', '-c', 'CMD ["sh"]', archive, 'mine:1'])).toMatch(
      /^sha256:[0-9a-f]{64}\n$/,
    );
    expect(engine.requests.at(-1)?.query).toMatchObject({
      fromSrc: '-',
      repo: 'mine',
      tag: '1',
      message: 'hi',
      changes: 'CMD ["sh"]',
    });
    await out('import - piped', 'through a pipe');
    await out('tag mine:1 yours');
    expect(await out(['images', '--format', '{{.Repository}}:{{.Tag}}'])).toBe(
      'busybox:latest\nmine:1\nyours:latest\npiped:latest\n',
    );
    expect(await out('image history -q mine:1')).toMatch(/^[0-9a-f]{12}\n<missing>\n$/);
    const saved = join(folder, 'saved.tar');
    await out(['save', '-o', saved, 'mine:1', 'busybox']);
    expect(readFileSync(saved, 'utf8')).toBe('archive of mine:1 busybox');
    expect(await out('save busybox')).toBe('archive of busybox');
    expect(await out('rmi mine:1')).toBe('Untagged: mine:1\n');
    expect(await out('image rm yours piped')).toMatch(
      /^Untagged: yours:latest\nDeleted: sha256:\w+\nUntagged: piped:latest\nDeleted: /,
    );
  });

  it('are loaded', async () => {
    const { stdout, stderr, exitCode } = await ns.run('load', { input: 'an archive' });
    expect({ stdout, exitCode }).toEqual({ stdout: 'Loaded image: loaded:latest\n', exitCode: 0 });
    expect(stderr).toBe('aaaaaaaaaaaa: Loading layer\n');
    expect(await ns.run('load', { input: 'broken' })).toMatchObject({
      exitCode: 1,
      stderr: 'ns: not an archive\n',
    });
  });

  it.each([
    ['load -i /no/such', 'ns: open /no/such: no such file or directory\n'],
    [`import ${tmpdir()}`, `ns: open ${tmpdir()}: it is a directory\nhint: pack it: `],
    ['import http://x/y', 'ns: an address cannot be imported\nhint: fetch it: '],
    ['tag busybox x@sha256:1', 'ns: refusing to create a tag with a digest reference\n'],
    ['rmi nosuch', 'Error response from daemon: No such image: nosuch:latest\n'],
    ['save nosuch', 'Error response from daemon: No such image: nosuch:latest\n'],
    ['history nosuch', 'Error response from daemon: No such image: nosuch:latest\n'],
  ])('%s is refused', async (words, message) => {
    const { exitCode, stderr } = await ns.run(words);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(1);
  });

  it('that cannot be saved leave no file behind', async () => {
    const before = readdirSync(folder);
    expect((await ns.run(['save', '-o', join(folder, 'x.tar'), 'nosuch'])).exitCode).toBe(1);
    expect((await ns.run(['save', '-o', '/no/such/x.tar', 'busybox'])).exitCode).toBe(1);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('inspect', () => {
  it('finds containers and images, and says what it does not find', async () => {
    await out('create --name seen busybox true');
    const found = JSON.parse(await out('inspect seen busybox')) as { Name?: string; RepoTags?: string[] }[];
    expect(found.map(({ Name, RepoTags }) => Name ?? RepoTags?.[0])).toEqual(['/seen', 'busybox:latest']);
    expect(await ns.run('inspect seen nosuch')).toMatchObject({
      exitCode: 1,
      stderr: 'Error: No such object: nosuch\n',
    });
    expect(await out(['inspect', '-f', '{{.State.Status}} {{json .Config.Cmd}}', 'seen'])).toBe(
      'created ["true"]\n',
    );
    expect(await out(['image', 'inspect', '--format', '{{index .RepoTags 0}}', 'busybox'])).toBe(
      'busybox:latest\n',
    );
    expect(await out(['container', 'inspect', '--format', '{{.Name}}', 'seen'])).toBe('/seen\n');
    expect(JSON.parse(await out('inspect --json seen'))).toMatchObject({ Name: '/seen' });
    expect((await ns.run('inspect --type image seen')).stderr).toBe(
      'Error response from daemon: No such image: seen:latest\n',
    );
    expect((await ns.run('inspect --type disk seen')).stderr).toContain('unknown type: "disk"');
    expect(await ns.run(['inspect', '-f', '{{.Foo}}', 'seen'])).toMatchObject({
      exitCode: 1,
      stderr: 'ns: template: at <.Foo>: map has no entry for key "Foo"\n',
    });
  });
});

describe('the engine', () => {
  it('is asked for its version, and nothing is started for it', async () => {
    expect(await out('version')).toMatch(
      /^Client:\n Version: +0\.1\.0\n[^]*\nServer:\n Engine:\n {2}Version: +0\.1\.0\n/,
    );
    expect(await out(['version', '-f', '{{.Server.ApiVersion}}'])).toBe('1.47\n');
    const without = await ns.run('version', { env: { NS_HOST: 'unix:///no/such' } });
    expect(without).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('there is no such socket'),
    });
    expect(without.stdout).toContain('Client:');
  });

  it('tells of itself', async () => {
    expect(await out('info')).toContain(' Images: ');
    expect(await out(['info', '-f', '{{.NCPU}}'])).toBe('2\n');
    expect(await out(['system', 'info', '--json'])).toContain('"NCPU":2');
  });

  it('tells what happens', async () => {
    const lines = (await out('events --since 10m --filter type=container')).trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(
      /^2023-11-14T\d\d:13:21\.000000000\S+ container start c{64} \(image=busybox, name=web\)$/,
    );
    expect(engine.requests.at(-1)?.query['filters']).toBe('{"type":["container"]}');
    expect(await out(['events', '--format', '{{.Action}}'])).toBe('create\nstart\ndie\n');
  });

  it('explains', async () => {
    expect(await out('explain run -d --rm busybox ls -l')).toBe('1. run ls -l\n   execve\n');
    for (const words of ['explain --json run busybox ls', 'explain run --json busybox ls']) {
      expect(JSON.parse(await out(words))).toEqual({
        Steps: [{ number: 1, process: 'init', what: 'run ls', call: 'execve' }],
        Warnings: [],
      });
    }
    expect(await ns.run('explain ps')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("'ns explain' explains run"),
    });
    expect(await ns.run('explain run nosuch')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('No such image'),
    });
    expect((await ns.run('explain run --nosuch x')).exitCode).toBe(125);
  });

  it('is named by -H before NS_HOST before DOCKER_HOST', async () => {
    const nowhere = 'unix:///no/such';
    expect((await ns.run(['-H', engine.host, 'ps'], { env: { NS_HOST: nowhere } })).exitCode).toBe(0);
    expect((await ns.run('ps', { env: { DOCKER_HOST: nowhere } })).exitCode).toBe(0);
    expect((await ns.run('ps', { env: { NS_HOST: '', DOCKER_HOST: nowhere } })).stderr).toContain(nowhere);
    expect((await ns.run('-H ftp://x ps')).stderr).toBe(
      'ns: connect: "ftp://x" is not the address of an engine: unknown scheme "ftp"\nhint: an address reads unix:///run/ns/ns.sock or tcp://127.0.0.1:2375\n',
    );
    expect((await ns.run('-H a -H b ps')).exitCode).toBe(125);
  });
});

describe('ns itself', () => {
  it('helps', async () => {
    const help = await out('--help');
    expect(await out('help')).toBe(help);
    expect(await out([])).toBe(help);
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(await out('run --help')).toContain('Usage:  ns run [OPTIONS] IMAGE [COMMAND] [ARG...]\n');
    expect(await out('help ps')).toBe(await out('ps -h'));
    expect(await out('image')).toContain('  history   ');
    expect(await out('container ls --help')).toContain('Usage:  ns container ls ');
    expect(await out('explain --help')).toContain('Usage:  ns explain run ');
    expect(await out('--version')).toBe('ns version 0.1.0\n');
  });

  it('helps with each command that it lists', async () => {
    const commands = (await out('--help')).match(/^ {2}[a-z]+(?= {2,})/gm)?.map((line) => line.trim()) ?? [];
    expect(commands.length).toBeGreaterThan(25);
    for (const command of commands) expect(await out([command, '--help'])).toMatch(/^Usage: {2}ns /);
  });

  it.each([
    ['pss', 1, "ns: 'pss' is not an ns command, did you mean 'ps'?\nSee 'ns --help'.\n"],
    ['frobnicate', 1, "ns: 'frobnicate' is not an ns command\nSee 'ns --help'.\n"],
    ['constructor', 1, "ns: 'constructor' is not an ns command\nSee 'ns --help'.\n"],
    [
      'image lss',
      1,
      "ns: 'image lss' is not an ns command, did you mean 'image ls'?\nSee 'ns image --help'.\n",
    ],
    ['image --foo', 125, "ns: unknown flag: --foo\nSee 'ns image --help'.\n"],
    ['--nosuch ps', 125, "ns: unknown flag: --nosuch\nSee 'ns --help'.\n"],
    ['ps extra', 1, "ns: 'ns ps' accepts no arguments\nSee 'ns ps --help'.\n"],
    ['rename a', 1, "ns: 'ns rename' requires 2 arguments\nSee 'ns rename --help'.\n"],
    ['rm', 1, "ns: 'ns rm' requires at least 1 argument\nSee 'ns rm --help'.\n"],
    ['logs a b', 1, "ns: 'ns logs' requires 1 argument\nSee 'ns logs --help'.\n"],
    ['ps -f x', 125, 'invalid argument "x" for "-f, --filter" flag: invalid filter \'x\': it is key=value\n'],
    ['logs --since never x', 125, 'it is no moment'],
    ['ps --format {{.Foo', 1, 'ns: template: 1:3: unclosed action\n'],
  ])('%s ends with %i', async (words, code, message) => {
    const { exitCode, stderr } = await ns.run(words);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
  });
});
