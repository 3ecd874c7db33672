// needs: linux, root, unshare, busybox, overlayfs, docker-cli, tmux
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Terminal } from '@ns/testing/terminal';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { output, run, start, type CommandOptions, type Ended, type Running } from '../src/command.ts';
import { Engine, settled, type Traces } from '../src/engine.ts';
import { makeBusybox, pack } from '../src/rootfs.ts';

/** The shell puts the terminal's settings back after the last words of the program are on the screen. */
const PATIENT = { timeout: 20_000 };

let engine: Engine;
let before: Traces;
let archive: string;

beforeAll(async () => {
  engine = await Engine.start();
  mkdirSync(join(engine.folder, 'docker'));
  archive = pack(makeBusybox(join(engine.folder, 'root')), join(engine.folder, 'root.tar'));
  await out('import', '-c', 'CMD ["sh"]', '-c', 'ENV FROM=image', archive, 'box:1');
  await out('run', '--rm', '--network=none', 'box:1', 'true');
  before = await engine.traces();
});
afterAll(() => engine[Symbol.asyncDispose]());
afterEach(async () => {
  await docker(['rm', '-f', 'it']);
  await engine.assertNothingLeft(before);
});

const environment = (): Record<string, string> => ({
  ...engine.env,
  DOCKER_CONFIG: join(engine.folder, 'docker'),
});
const docker = (args: readonly string[], options: CommandOptions = {}): Promise<Ended> =>
  run(['docker', ...args], { env: environment(), ...options });
const startDocker = (args: readonly string[], options: CommandOptions = {}): Running =>
  start(['docker', ...args], { env: environment(), ...options });
const out = async (...args: string[]): Promise<string> =>
  (await output(['docker', ...args], { env: environment() })).replace(/\n$/, '');
const shell = (flags: string, script: string): string[] =>
  `run --network=none ${flags} box:1 sh -c`.split(/ +/).concat(script);

/** A container called `it` that goes on until it is told to end, with exit code 5. */
const UNTIL_TERM = 'trap "echo ended; exit 5" TERM; echo up; while :; do sleep 0.1; done';
const isUp = (): Promise<void> => settled(async () => (await out('logs', 'it')).includes('up'), 'it is up');

describe('docker, with the ns-daemon that is shipped', () => {
  it('runs in the foreground: streams, exit code, --rm', async () => {
    expect(await docker(shell('--rm --name it', 'echo "$FROM"; echo bad >&2; exit 42'))).toEqual({
      status: 42,
      signal: null,
      stdout: 'image\n',
      stderr: 'bad\n',
    });
    expect(await out('ps', '-aq')).toBe('');
  });

  it('hands on 16 MiB of stdin to its end, and back', async () => {
    const stdin = randomBytes(2 ** 24);
    const hash = createHash('sha256');
    let bytes = 0;
    const { status } = await docker(['run', '--rm', '-i', '--network=none', 'box:1', 'cat'], {
      stdin,
      onStdout: (chunk) => {
        hash.update(chunk);
        bytes += chunk.length;
      },
    });
    expect({ status, bytes }).toEqual({ status: 0, bytes: stdin.length });
    expect(hash.digest('hex')).toBe(createHash('sha256').update(stdin).digest('hex'));
  });

  it('hands on signals', async () => {
    const running = startDocker(shell('--rm --name it', UNTIL_TERM));
    await settled(() => running.stdout === 'up\n', 'it is up');
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ status: 5, stdout: 'up\nended\n' });
  });

  it('may be killed: the container goes on, and --rm is done at its end', async () => {
    const running = startDocker(shell('--rm --name it', UNTIL_TERM));
    await settled(() => running.stdout === 'up\n', 'it is up');
    running.child.kill('SIGKILL');
    await running.ended;
    await sleep(200);
    expect(await out('inspect', '-f', '{{.State.Running}}', 'it')).toBe('true');
    await out('stop', 'it');
    await settled(async () => (await out('ps', '-aq')) === '', 'it is removed');
  });

  it('waits, stops, kills, starts and inspects what runs in the background', async () => {
    await out(...shell('-d --name it', UNTIL_TERM));
    await isUp();
    const waiting = out('wait', 'it');
    expect(await out('stop', 'it')).toBe('it');
    expect(await waiting).toBe('5');
    expect(await out('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', 'it')).toBe(
      'exited 5 0',
    );
    await out('start', 'it');
    expect(await out('kill', 'it')).toBe('it');
    expect(await out('wait', 'it')).toBe('137');
    expect(await out('ps', '-a', '--filter', 'exited=137', '--format', '{{.Names}}')).toBe('it');
    expect(await out('rm', 'it')).toBe('it');
  });

  it('follows the log until the end, from a time, from the tail, with times', async () => {
    await out(
      ...shell('-d --name it', 'for i in 1 2 3 4 5; do echo "line $i"; sleep 0.2; done; echo last >&2'),
    );
    const { stdout, stderr, status } = await docker(['logs', '-f', 'it']);
    expect({ stdout, stderr, status }).toEqual({
      stdout: [1, 2, 3, 4, 5].map((i) => `line ${i}\n`).join(''),
      stderr: 'last\n',
      status: 0,
    });
    expect(await out('logs', '--tail', '3', 'it')).toBe('line 4\nline 5');
    const stamped = await out('logs', '-t', 'it');
    const third = stamped.split('\n')[2]?.split(' ')[0] ?? '';
    expect(third).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z$/);
    expect(await out('logs', '--since', third, 'it')).toBe('line 3\nline 4\nline 5');
    expect(await out('logs', '--until', third, 'it')).toMatch(/^line 1\nline 2/);
  });

  it('executes in it: streams, exit codes, user, directory, environment', async () => {
    await out(...shell('-d --name it', UNTIL_TERM));
    expect(
      await docker([
        'exec',
        '-u',
        'user',
        '-w',
        '/tmp',
        '-e',
        'A=1',
        'it',
        'sh',
        '-c',
        'id -u; pwd; echo $A; exit 7',
      ]),
    ).toMatchObject({ status: 7, stdout: '1000\n/tmp\n1\n' });
    expect(await docker(['exec', '-i', 'it', 'sha256sum'], { stdin: 'text' })).toMatchObject({
      status: 0,
      stdout: `${createHash('sha256').update('text').digest('hex')}  -\n`,
    });
    expect(await docker(['exec', 'it', 'nosuch'])).toMatchObject({ status: 127 });
    expect(await docker(['exec', 'it', '/etc/passwd'])).toMatchObject({ status: 126 });
    expect(await docker(['exec', '-d', 'it', 'sh', '-c', 'echo x > /made'])).toMatchObject({ status: 0 });
    await settled(
      async () => (await docker(['exec', 'it', 'cat', '/made'])).stdout === 'x\n',
      'the file is made',
    );
    // One that is in there ends with the container.
    const inside = startDocker(['exec', 'it', 'sleep', '1000']);
    await settled(async () => (await out('top', 'it')).includes('sleep 1000'), 'it sleeps');
    await out('kill', 'it');
    expect((await inside.ended).status).toBe(137);
  });

  it('loads what it saved, and imports from stdin', async () => {
    const saved = join(engine.folder, 'saved.tar');
    await out('tag', 'box:1', 'other:2');
    await out('save', '-o', saved, 'other:2');
    expect(await out('rmi', 'other:2')).toBe('Untagged: other:2');
    expect(await docker(['load', '-i', saved])).toMatchObject({
      status: 0,
      stdout: 'Loaded image: other:2\n',
    });
    expect(
      (await docker(['run', '--rm', '--network=none', 'other:2', 'sh', '-c', 'echo $FROM'])).stdout,
    ).toBe('image\n');
    expect(await out('rmi', 'other:2')).toBe('Untagged: other:2');
    expect(await out('images', '--format', '{{.Repository}}:{{.Tag}}')).toMatch(/box:1/);
  });

  it('hears events as they happen', async () => {
    const listening = startDocker(['events', '--filter', 'container=it', '--format', '{{.Action}}'], {
      timeoutMs: 60_000,
    });
    await sleep(500);
    await docker(shell('--rm --name it', 'exit 3'));
    await settled(() => listening.stdout.includes('destroy'), 'the end is told');
    listening.child.kill('SIGINT');
    await listening.ended;
    expect(listening.stdout.trim().split('\n')).toEqual(['create', 'attach', 'start', 'die', 'destroy']);
  });

  it('is told plainly what is not there yet', async () => {
    for (const args of [
      ['build', '-'],
      ['volume', 'create', 'x'],
      ['pull', 'debian'],
      ['commit', 'it'],
    ]) {
      const { status, stderr } = await docker(args, { stdin: 'FROM box:1\n' });
      expect(stderr, args.join(' ')).toMatch(/not there yet|No such container/);
      expect(status, args.join(' ')).not.toBe(0);
    }
  });

  it('and ns see the same', async () => {
    await out(...shell('-d --name it', UNTIL_TERM));
    await isUp();
    for (const list of [
      ['ps', '-q'],
      ['images', '-q'],
      ['logs', 'it'],
      ['inspect', '-f', '{{.Id}} {{.State.Pid}}', 'it'],
    ]) {
      expect(await engine.out(list), list.join(' ')).toBe(await out(...list));
    }
    expect(await engine.out('stop it')).toBe('it');
    expect(await out('inspect', '-f', '{{.State.ExitCode}}', 'it')).toBe('5');
  });
});

describe('docker in a terminal', () => {
  let terminal: Terminal;
  afterEach(() => terminal.close());

  it('run -it, detached from; exec -it; attach; Ctrl-C', async () => {
    terminal = new Terminal(100, 30, environment());
    await terminal.shows('$');
    terminal.enter('docker() { command docker "$@"; echo "exit code $?"; }; clear');
    await terminal.shows(/^\$\s*$/);
    const settings = terminal.settings();
    terminal.enter('docker run -it --name it --network=none -e PS1="in# " box:1');
    await terminal.shows('in#');
    terminal.enter('stty size; x=kept');
    await terminal.shows('30 100');
    terminal.press('C-p', 'C-q');
    await terminal.shows('exit code 0');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(settings);
    terminal.enter('clear; docker exec -it it sh -c "stty size; tty; cat"');
    await terminal.shows('/dev/pts/1');
    terminal.press('C-c');
    await terminal.shows('exit code 130');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(settings);
    terminal.enter('clear; docker attach it');
    await settled(() => {
      terminal.enter('echo "$x again"');
      return terminal.screen().includes('kept again');
    }, 'the client is attached');
    terminal.resize(80, 20);
    terminal.enter('sleep 0.3; stty size');
    await terminal.shows('20 80');
    terminal.enter('exit 6');
    await terminal.shows('exit code 6');
  });
});
