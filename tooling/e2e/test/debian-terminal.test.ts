// needs: linux, root, unshare, overlayfs, mmdebstrap, debian-packages, tmux
import { Terminal } from '@ns/testing/terminal';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { debianArchive } from '../src/debian.ts';
import { Engine, settled, type Traces } from '../src/engine.ts';

/** The shell puts the terminal's settings back after the last words of the program are on the screen. */
const PATIENT = { timeout: 20_000 };

const BUILD_MS = 10 * 60_000;

let engine: Engine;
let before: Traces;
let terminal: Terminal;
let settings: string;

beforeAll(async () => {
  const archive = await debianArchive();
  engine = await Engine.start();
  await engine.out(['import', '--change', 'CMD ["bash"]', archive, 'debian'], { timeoutMs: 120_000 });
  await engine.out('run --rm --network=none debian true');
  before = await engine.traces();
}, BUILD_MS);
afterAll(() => engine[Symbol.asyncDispose]());

beforeEach(async () => {
  terminal = new Terminal(90, 24, engine.env);
  await terminal.shows('$');
  terminal.enter(`ns() { ${engine.command.join(' ')} "$@"; echo "exit code $?"; }; clear`);
  await terminal.shows(/^\$\s*$/);
  settings = terminal.settings();
});
afterEach(async () => {
  terminal.close();
  await engine.ns('rm -f shell');
  await engine.assertNothingLeft(before);
});

/** bash with a prompt that says how many commands it has run. */
const SHELL = 'ns run -it --rm --name shell --network=none -e PS1="#\\# " debian bash --norc --noprofile';

describe('bash in a terminal', () => {
  it('has job control, the size of the window, and follows it while a program runs', async () => {
    terminal.enter(SHELL);
    await terminal.shows('#1');
    terminal.enter('stty size; tty; tput lines 2>/dev/null; echo $-');
    await terminal.shows('24 90');
    await terminal.shows('/dev/pts/0');
    terminal.enter(`clear; trap 'echo "now $(stty size)"' WINCH; while :; do sleep 0.1; done`);
    terminal.resize(100, 30);
    await terminal.shows('now 30 100');
    terminal.resize(60, 15);
    await terminal.shows('now 15 60');
    terminal.press('C-c');
    await terminal.shows('#3');
    terminal.enter('exit 7');
    await terminal.shows('exit code 7');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(settings);
  });

  it('hands Ctrl-C, Ctrl-Z, Ctrl-\\ and Ctrl-D to what runs in front, and to nothing else', async () => {
    terminal.enter(SHELL);
    await terminal.shows('#1');
    terminal.enter('sleep 1000');
    await terminal.shows('#1 sleep 1000');
    await settled(() => engine.sandbox.processes().some(({ name }) => name === 'sleep'), 'sleep runs');
    terminal.press('C-c');
    await terminal.shows('#2');
    terminal.enter('echo "status $?"');
    await terminal.shows('status 130');
    terminal.enter('sleep 1000');
    await settled(() => engine.sandbox.processes().some(({ name }) => name === 'sleep'), 'sleep runs');
    terminal.press('C-z');
    await terminal.shows('Stopped');
    terminal.enter('kill %1; wait; cat');
    await settled(() => engine.sandbox.processes().some(({ name }) => name === 'cat'), 'cat runs');
    terminal.press('C-\\');
    await terminal.shows('Quit');
    terminal.enter('clear');
    await terminal.shows(/^#\d+ *$/);
    terminal.press('C-d');
    await terminal.shows('exit code');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(settings);
  });

  it('is detached from with Ctrl-P Ctrl-Q, goes on, and is attached to again', async () => {
    terminal.enter(SHELL);
    await terminal.shows('#1');
    terminal.enter('x=kept; (sleep 1; echo unseen > /tmp/done) &');
    await terminal.shows('#2');
    terminal.press('C-p', 'C-q');
    await terminal.shows('exit code 0');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(settings);
    expect(await engine.inspect('shell', '{{.State.Running}}')).toBe('true');
    await settled(async () => (await engine.ns('exec shell test -e /tmp/done')).status === 0, 'it goes on');
    terminal.enter('clear; ns attach shell');
    await settled(async () => {
      terminal.enter('echo "$x $(cat /tmp/done)"');
      return terminal.screen().includes('kept unseen');
    }, 'the client is attached');
    // One Ctrl-P alone is the shell's: the last command comes back.
    terminal.enter('echo "round $((++round))"');
    await terminal.shows('round 1');
    terminal.press('C-p');
    terminal.press('Enter');
    await terminal.shows('round 2');
    terminal.enter('exit 8');
    await terminal.shows('exit code 8');
  });

  it('a second terminal is opened with exec, of its own size', async () => {
    await engine.out('run -d --name shell --network=none debian sleep 1000');
    terminal.enter('ns exec -it -e PS1="in " -w /usr shell bash --norc --noprofile');
    await terminal.shows('in ');
    terminal.enter('stty size; pwd; ps 2>/dev/null; echo $$');
    await terminal.shows('24 90');
    await terminal.shows('/usr');
    terminal.resize(70, 20);
    terminal.enter('sleep 0.2; stty size');
    await terminal.shows('20 70');
    terminal.enter('exit 9');
    await terminal.shows('exit code 9');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(settings);
    expect(await engine.out('stop -t 0 shell')).toBe('shell');
    expect(await engine.out('rm shell')).toBe('shell');
  });

  it('is killed from outside: the terminal is put back', async () => {
    terminal.enter(SHELL);
    await terminal.shows('#1');
    await engine.sandbox.kill(await engine.pidOf('shell'));
    await terminal.shows('exit code 137');
    await expect.poll(() => terminal.settings(), PATIENT).toBe(settings);
  });
});
