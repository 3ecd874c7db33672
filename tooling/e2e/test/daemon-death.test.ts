// needs: linux, root, unshare, busybox, overlayfs, tmux
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Terminal } from '@ns/testing/terminal';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Engine, settled, type Traces } from '../src/engine.ts';
import { makeBusybox } from '../src/rootfs.ts';

let engine: Engine;
let before: Traces;
let root: string;
let terminal: Terminal;

beforeAll(async () => {
  engine = await Engine.start();
  root = makeBusybox(join(engine.folder, 'root'));
  await engine.out(['run', '--rm', '--network=none', '--rootfs', root, 'true']);
  before = await engine.traces();
  terminal = new Terminal(80, 24, engine.env);
  await terminal.shows('$');
  terminal.enter(`ns() { ${engine.command.join(' ')} "$@"; echo "exit code $?"; }; clear`);
});
afterAll(async () => {
  terminal.close();
  await engine[Symbol.asyncDispose]();
});

const run = (flags: string, ...command: string[]): string[] =>
  `run --network=none ${flags} --rootfs ${root}`.split(' ').concat(command);
const logs = (name: string): Promise<string> => engine.out(['logs', name]);
/** A second without the daemon, in which containers go on. */
const deadTime = (): Promise<void> => sleep(1000);

/** Counts until it is told to stop, and then says how far it came. */
const COUNTER = `i=0; trap 'echo $i; exit 5' TERM; while :; do i=$((i+1)); echo "line $i"; usleep 200; done`;

describe('the daemon is killed while containers run', () => {
  it('they are started', async () => {
    await engine.out(run('-d --name writer', 'sh', '-c', COUNTER));
    await engine.out(
      run(
        '-d --name mortal',
        'sh',
        '-c',
        'echo last words >&2; read -t 2 x </dev/zero; usleep 700000; exit 42',
      ),
    );
    await engine.out(run('-d --name quiet', 'sh', '-c', 'while :; do sleep 1; done'));
    // What has ended before is not touched.
    await engine.out(run('-d --name old', 'sh', '-c', 'echo done; exit 9'));
    terminal.enter(`ns ${run('-it --name screen', 'sh').join(' ')}`);
    await terminal.shows('/ #');
    terminal.enter('x=before; echo "$x" the fall');
    await terminal.shows('before the fall');
    await settled(async () => (await logs('writer')).includes('line 100\n'), 'the writer writes');
    expect(await engine.out('wait old')).toBe('9');
  });

  it('its clients are told, and the terminal is put back', async () => {
    const open = engine.startNs(
      run('-i --name reader', 'sh', '-c', 'while read -r l; do echo "got $l"; done; echo end'),
      {
        keepStdinOpen: true,
      },
    );
    open.child.stdin?.write('one\n');
    await settled(() => open.stdout === 'got one\n', 'the reader reads');
    await engine.endDaemon('KILL');
    const { status, stderr } = await open.ended;
    expect(stderr).toContain('the connection to the engine was lost');
    expect(status).toBe(125);
    await terminal.shows('exit code 125');
  });

  it('they go on without it, and one of them ends', async () => {
    const shells = (): number => engine.sandbox.processes().filter(({ name }) => name === 'sh').length;
    expect(shells()).toBeGreaterThanOrEqual(4);
    await deadTime();
    await settled(() => shells() === 4, 'one has ended');
  });

  it('a new daemon finds them all, and the end of the one that ended', async () => {
    await engine.startDaemon();
    const states = await engine.out(['ps', '-a', '--format', '{{.Names}} {{.State}}']);
    expect(states.split('\n').toSorted()).toEqual([
      'mortal exited',
      'old exited',
      'quiet running',
      'reader running',
      'screen running',
      'writer running',
    ]);
    expect(await engine.out('wait mortal')).toBe('42');
    expect(await engine.out('wait old')).toBe('9');
    expect(await engine.inspect('mortal', '{{.State.ExitCode}} {{.State.Pid}} {{.State.OOMKilled}}')).toBe(
      '42 0 false',
    );
    const { stderr, stdout } = await engine.ns('logs mortal');
    expect({ stderr, stdout }).toEqual({ stderr: 'last words\n', stdout: '' });
  });

  it('every line that was written is in the log, once and in order', async () => {
    expect(await engine.out('stop writer')).toBe('writer');
    expect(await engine.out('wait writer')).toBe('5');
    const lines = (await logs('writer')).split('\n');
    const total = Number(lines.pop());
    expect(total).toBeGreaterThan(200);
    const expected = Array.from({ length: total }, (_, i) => `line ${i + 1}`);
    // The first that differs says more than two lists of thousands.
    expect(lines.findIndex((line, i) => line !== expected[i])).toBe(-1);
    expect(lines.length).toBe(total);
  });

  it('stdin that was open stays open, and takes more', async () => {
    const attached = engine.startNs('attach reader', { stdin: 'two\nthree\n' });
    expect(await attached.ended).toMatchObject({ status: 0, stdout: 'got two\ngot three\nend\n' });
    expect(await logs('reader')).toBe('got one\ngot two\ngot three\nend');
  });

  it('the terminal is attached to again, with what its shell knew', async () => {
    terminal.enter('clear; ns attach screen');
    terminal.enter('echo "$x" and after');
    await terminal.shows('before and after');
    terminal.resize(100, 30);
    terminal.enter('usleep 300000; stty size');
    await terminal.shows('30 100');
    terminal.enter('exit 3');
    await terminal.shows('exit code 3');
    expect(await engine.inspect('screen', '{{.State.ExitCode}}')).toBe('3');
  });

  it('exec, top, stop, kill, restart and rm work on what was adopted', async () => {
    expect(await engine.ns('exec quiet sh -c echo${IFS}in;exit${IFS}6')).toMatchObject({
      status: 6,
      stdout: 'in\n',
    });
    expect(await engine.out('top quiet')).toContain('sleep 1');
    expect(await engine.out('restart -t 0 quiet')).toBe('quiet');
    expect(await engine.out('kill quiet')).toBe('quiet');
    expect(await engine.out('wait quiet')).toBe('137');
    await engine.out('rm writer mortal quiet old screen reader');
    expect(await engine.settledTraces(before)).toEqual(before);
  });
});

describe('a container that outlives several daemons', () => {
  afterEach(() => engine.ns('rm -f patient brief'));

  it('and writes while each of them is dead', async () => {
    await engine.out(run('-d --name patient', 'sh', '-c', COUNTER));
    for (const signal of ['KILL', 'TERM', 'KILL'] as const) {
      await engine.endDaemon(signal);
      await sleep(200);
      await engine.startDaemon();
    }
    await engine.out('stop patient');
    const lines = (await logs('patient')).split('\n');
    const total = Number(lines.pop());
    expect(lines.findIndex((line, i) => line !== `line ${i + 1}`)).toBe(-1);
    expect(lines.length).toBe(total);
    await engine.out('rm patient');
    expect(await engine.settledTraces(before)).toEqual(before);
  });

  it('and whose --rm is done by the next one', async () => {
    await engine.out(run('-d --rm --name brief', 'sleep', '0.5'));
    await engine.endDaemon('KILL');
    await sleep(800);
    await engine.startDaemon();
    await settled(async () => (await engine.out('ps -aq --filter name=brief')) === '', 'it is removed');
    expect(await engine.settledTraces(before)).toEqual(before);
  });
});
