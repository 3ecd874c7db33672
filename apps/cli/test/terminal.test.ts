import { readdirSync, readFileSync } from 'node:fs';

import { EngineClient } from '@ns/engine-api';
import { FakeEngine } from '@ns/engine-api/testing';
import { needs } from '@ns/testing';
import { Terminal } from '@ns/testing/terminal';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Program } from './program.js';

/** The shell puts the terminal's settings back after the last words of the program are on the screen. */
const PATIENT = { timeout: 20_000 };

describe('in a terminal', needs('tmux'), () => {
  let program: Program;
  let engine: FakeEngine;
  let terminal: Terminal;
  let before = '';

  beforeAll(async () => {
    program = await Program.build();
  });
  afterAll(() => program.remove());
  beforeEach(async () => {
    engine = await FakeEngine.start({
      programs: {
        /** Moves the cursor with a bare line feed, as programs for screens do. */
        async steps({ stdout }) {
          await stdout('one\ntwo\n');
          return 0;
        },
      },
    });
    program.host = engine.host;
    terminal = new Terminal(100, 30, { ...program.env, PATH: process.env['PATH'] });
    await terminal.shows('$');
    terminal.enter(`ns() { ${process.execPath} -- ${program.script} "$@"; echo "exit code $?"; }; clear`);
    await terminal.shows(/^\$\s*$/);
    before = terminal.settings();
  });
  afterEach(async () => {
    terminal.close();
    await engine.stop();
  });

  const client = (): EngineClient => new EngineClient({ host: engine.host });
  const started = (): Promise<void> =>
    expect.poll(() => engine.trace, { timeout: 20_000 }).toContain('POST /containers/ID/start');
  const sizes = (): string[] =>
    engine.requests.filter(({ path }) => path.endsWith('/resize')).map(({ query: { h, w } }) => `${h}x${w}`);

  it('hands keys on as they are, and puts the terminal back', async () => {
    terminal.enter('ns run -it --rm busybox keys');
    await started();
    for (const [key, hex] of [
      ['C-c', '03'],
      ['C-z', '1a'],
      ['C-d', '04'],
      ['Enter', '0d'],
      ['Escape', '1b'],
      ['a', '61'],
      ['C-s', '13'],
    ] as const) {
      terminal.press(key);
      await terminal.shows(hex);
    }
    expect(terminal.settings()).not.toBe(before);
    terminal.press('q');
    await terminal.shows('exit code 0');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
  });

  it('shows output as it comes: a line feed is no more than that', async () => {
    terminal.enter('clear; ns run -it --rm busybox steps');
    await terminal.shows('exit code 0');
    expect(terminal.screen()).toContain('one\n   two\n');
  });

  it('has its size before it starts, and follows it', async () => {
    terminal.enter('ns run -it --name sized busybox size');
    await terminal.shows('30x100');
    expect((await client().containerInspect('sized')).HostConfig.ConsoleSize).toEqual([30, 100]);
    terminal.resize(90, 25);
    await terminal.shows('25x90');
    expect(sizes()).toEqual(['30x100', '25x90']);
  });

  it('detaches with Ctrl-P Ctrl-Q, comes back with attach, and leaves exec', async () => {
    terminal.enter('ns run -it --name held busybox keys');
    await started();
    terminal.press('C-p');
    terminal.press('x');
    await terminal.shows(/10\s+78|1078/);
    terminal.press('C-p', 'C-q');
    await terminal.shows('exit code 0');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
    expect((await client().containerInspect('held')).State.Running).toBe(true);

    terminal.enter('clear; ns attach held');
    await terminal.shows(/^\s*$|attach/);
    await expect.poll(sizes, { timeout: 20_000 }).toEqual(['30x100', '31x101', '30x100']);
    terminal.press('y');
    await terminal.shows('79');
    terminal.press('C-p', 'C-q');
    await terminal.shows('read escape sequence\nexit code 1');

    terminal.enter('clear; ns exec -it held keys');
    await expect.poll(() => engine.trace, { timeout: 20_000 }).toContain('POST /exec/ID/start');
    terminal.press('z');
    await terminal.shows('7a');
    terminal.press('C-p', 'C-q');
    await terminal.shows('read escape sequence\nexit code 1');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
  });

  it('detaches with other keys', async () => {
    terminal.enter('ns run -it --detach-keys ctrl-x,x busybox keys');
    await started();
    terminal.press('C-p', 'C-q');
    await terminal.shows(/10\s*11/);
    terminal.press('C-x', 'x');
    await terminal.shows('exit code 0');
    expect(engine.requests.find(({ path }) => path.endsWith('/attach'))?.query['detachKeys']).toBe(
      'ctrl-x,x',
    );
  });

  it('puts the terminal back when the container ends by itself, or cannot start', async () => {
    terminal.enter('ns run -it busybox exit 3');
    await terminal.shows('exit code 3');
    terminal.enter('clear; ns run -it busybox nosuch');
    await terminal.shows('exit code 127');
    expect(terminal.screen()).toContain('executable file not found');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
  });

  it('puts the terminal back when the engine dies', async () => {
    terminal.enter('ns run -it busybox keys');
    await started();
    terminal.press('a');
    await terminal.shows('61');
    await engine.stop();
    await terminal.shows('exit code 125');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
  });

  it('hands SIGTERM on, and puts the terminal back when it dies of one', async () => {
    terminal.enter('ns run -it --name one busybox keys');
    await started();
    terminal.press('a');
    await terminal.shows('61');
    process.kill(pidOf('--name one'), 'SIGTERM');
    await terminal.shows('exit code 143');
    expect(engine.requests.at(-1)?.query).toEqual({ signal: 'SIGTERM' });

    terminal.enter('clear; ns run -it --sig-proxy=false --name two busybox keys');
    await expect
      .poll(() => engine.trace.filter((line) => line.endsWith('/start')).length, { timeout: 20_000 })
      .toBe(2);
    terminal.press('b');
    await terminal.shows('62');
    process.kill(pidOf('--name two'), 'SIGTERM');
    await terminal.shows('exit code 143');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
  });

  it('puts the terminal back when its output has no reader any more', async () => {
    const pipeline = 'run -it busybox keys | head -c 2; echo "codes ${PIPESTATUS[0]}"';
    terminal.enter(`${process.execPath} -- ${program.script} ${pipeline}`);
    await started();
    terminal.press('a');
    await terminal.shows('61');
    terminal.press('b');
    terminal.press('c');
    await terminal.shows('codes 141');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
  });
});

/** The process whose command line has the words. */
function pidOf(words: string): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let line = '';
    try {
      line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      // Ended meanwhile.
    }
    if (line.includes('ns.js') && line.includes(words)) return Number(pid);
  }
  throw new Error(`no process has ${words}`);
}
