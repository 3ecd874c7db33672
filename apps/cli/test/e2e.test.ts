import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { needs } from '@ns/testing';
import { Terminal } from '@ns/testing/terminal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildShipped, Machine } from './machine.js';
import { ended, writes } from './program.js';

/** The shell puts the terminal's settings back after the last words of the program are on the screen. */
const PATIENT = { timeout: 20_000 };

const NODES = [
  ['the Node of the repository', process.execPath],
  ["the machine's own Node", process.env['NS_SYSTEM_NODE'] ?? '/usr/bin/node'],
] as const;

// Bad input, the first use and the death of the daemon are in tooling/e2e.
describe('ns and ns-daemon as they are shipped', needs('linux', 'root', 'overlayfs', 'busybox'), () => {
  beforeAll(buildShipped, 300_000);

  describe.each(NODES)('with %s', (_, node) => {
    let machine: Machine;
    beforeAll(async () => {
      machine = new Machine(node);
      await machine.start();
    });
    afterAll(() => machine.close());
    /** The words of a run in the root file system. */
    const run = (words: string, ...command: string[]): string[] =>
      `run --rm --network none ${words} --rootfs ${machine.rootfs}`
        .split(' ')
        .filter((word) => word !== '')
        .concat(command);

    it('hello-world', async () => {
      const { exitCode, stdout } = await machine.ns('run --rm --network none hello-world');
      expect(stdout.toLowerCase()).toContain('hello');
      expect(exitCode).toBe(0);
    });

    it('runs a command, with its arguments, output and exit code', async () => {
      const script = 'echo out "$@"; echo err >&2; exit 3';
      expect(await machine.ns(run('', 'sh', '-c', script, 'sh', 'a  b', ''))).toEqual({
        exitCode: 3,
        signal: null,
        stdout: 'out a  b \n',
        stderr: 'err\n',
      });
    });

    it('does what the flags say', async () => {
      const words = '-h box -w /tmp -e A=1 -u user --read-only --tmpfs /mnt:size=1m --init';
      const script =
        'hostname; pwd; echo $A; id -un; id -Gn; touch /mnt/x && echo mnt; touch /x 2>/dev/null || echo read-only; echo $$';
      expect(await machine.ns(run(words, 'sh', '-c', script))).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^box\n\/tmp\n1\nuser\nuser staff\nmnt\nread-only\n(?!1\n)\d+\n$/),
      });
      expect(existsSync(join(machine.rootfs, 'x'))).toBe(false);
    });

    it('keeps the directory of --rootfs as it is', async () => {
      expect((await machine.ns(run('', 'sh', '-c', 'rm -r /etc; touch /made'))).exitCode).toBe(0);
      expect(existsSync(join(machine.rootfs, 'etc/passwd'))).toBe(true);
      expect(existsSync(join(machine.rootfs, 'made'))).toBe(false);
    });

    it('passes input through to its end', async () => {
      const input = randomBytes(5_000_000);
      const { stdout, exitCode } = await machine.ns(run('-i', 'sha256sum'), input);
      expect(exitCode).toBe(0);
      expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(input).digest('hex'));
    });

    it('keeps, lists, logs, inspects, execs in, stops and removes', async () => {
      const base = ['run', '-d', '--network', 'none', '--name', 'kept', '--rootfs', machine.rootfs];
      const { stdout: id } = await machine.ns([
        ...base,
        'sh',
        '-c',
        'echo up; trap "exit 7" TERM; while :; do sleep 0.1; done',
      ]);
      await expect.poll(async () => (await machine.ns('logs kept')).stdout, { timeout: 10_000 }).toBe('up\n');
      expect((await machine.ns(['ps', '--format', '{{.Names}} {{.State}}'])).stdout).toContain(
        'kept running\n',
      );
      expect(
        await machine.ns(['exec', '-e', 'B=2', '-w', '/etc', 'kept', 'sh', '-c', 'echo $B; pwd; exit 9']),
      ).toMatchObject({
        exitCode: 9,
        stdout: '2\n/etc\n',
      });
      expect((await machine.ns('exec -i kept cat', 'through')).stdout).toBe('through');
      expect((await machine.ns('exec kept nosuch')).exitCode).toBe(127);
      expect((await machine.ns('top kept')).stdout).toContain('trap');
      expect((await machine.ns('stop kept')).stdout).toBe('kept\n');
      expect((await machine.ns('wait kept')).stdout).toBe('7\n');
      expect(
        (await machine.ns(['inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', id.trim()])).stdout,
      ).toBe('exited 7\n');
      expect((await machine.ns('start kept')).stdout).toBe('kept\n');
      expect((await machine.ns('kill kept')).stdout).toBe('kept\n');
      expect((await machine.ns('wait kept')).stdout).toBe('137\n');
      expect((await machine.ns('rm kept')).stdout).toBe('kept\n');
      expect((await machine.ns('ps -aq')).stdout).toBe('');
    });
  });

  describe('in depth', () => {
    let machine: Machine;
    beforeAll(async () => {
      machine = new Machine(process.execPath);
      await machine.start();
    });
    afterAll(() => machine.close());
    const run = (...command: string[]): string[] => [
      'run',
      '--rm',
      '--network',
      'none',
      '--rootfs',
      machine.rootfs,
      ...command,
    ];
    const nothingLeft = async (): Promise<void> => {
      expect((await machine.ns('ps -aq')).stdout).toBe('');
    };

    it('images go in, run, come out', async () => {
      const archive = join(machine.folder, 'root.tar');
      await promisify(execFile)('tar', ['-C', machine.rootfs, '-cf', archive, '.']);
      const { stdout: id } = await machine.ns([
        'import',
        '-c',
        'CMD ["echo", "the default"]',
        archive,
        'box:1',
      ]);
      expect(id).toMatch(/^sha256:[0-9a-f]{64}\n$/);
      expect((await machine.ns(['images', '--format', '{{.Repository}}:{{.Tag}}'])).stdout).toContain(
        'box:1\n',
      );
      expect((await machine.ns('run --rm --network none box:1')).stdout).toBe('the default\n');
      const saved = join(machine.folder, 'saved.tar');
      expect((await machine.ns(['save', '-o', saved, 'box:1'])).exitCode).toBe(0);
      expect((await machine.ns('rmi box:1')).stdout).toContain('Untagged: box:1\n');
      expect((await machine.ns(['load', '-i', saved])).stdout).toContain('Loaded image: box:1\n');
      expect((await machine.ns('run --rm --network none box:1 echo again')).stdout).toBe('again\n');
      expect((await machine.ns('rmi box:1')).exitCode).toBe(0);
    });

    it('files: --env-file, --cidfile, -v', async () => {
      const [vars, cid, data] = ['vars', 'cid', 'data.txt'].map((name) => join(machine.folder, name));
      writeFileSync(vars ?? '', 'A=from file\n');
      writeFileSync(data ?? '', 'data');
      const [first = '', ...rest] = run('sh', '-c', 'echo $A; cat /mnt; echo x > /mnt || echo read-only');
      const words = ['--env-file', vars ?? '', '--cidfile', cid ?? '', '-v', `${data}:/mnt:ro`];
      const { stdout } = await machine.ns([first, ...words, ...rest]);
      expect(stdout).toBe('from file\ndataread-only\n');
      expect(readFileSync(cid ?? '', 'utf8')).toMatch(/^[0-9a-f]{64}$/);
    });

    it('signals reach the program', async () => {
      const child = machine.spawn(
        run('sh', '-c', 'trap "echo got it; exit 5" TERM; echo ready; while :; do sleep 0.1; done'),
      );
      await writes(child, 'ready\n');
      child.kill('SIGTERM');
      expect(await ended(child)).toMatchObject({ exitCode: 5, stdout: 'got it\n' });
      await nothingLeft();
    });

    describe('in a terminal', needs('tmux'), () => {
      it('a shell: its size, Ctrl-C, detach, attach, exit', async () => {
        const terminal = new Terminal(100, 30, { ...machine.env, PATH: process.env['PATH'] });
        try {
          await terminal.shows('$');
          terminal.enter(`ns() { ${machine.command} "$@"; echo "exit code $?"; }; clear`);
          const before = terminal.settings();
          terminal.enter(
            `ns run -it --network none --name shell -e PS1='in> ' --rootfs ${machine.rootfs} sh`,
          );
          await terminal.shows('in>');
          terminal.enter('stty size');
          await terminal.shows('30 100');
          terminal.resize(90, 25);
          terminal.enter('sleep 0.3; stty size');
          await terminal.shows('25 90');
          terminal.enter('clear; sleep 100 || echo interrupted');
          terminal.press('C-c');
          terminal.enter('echo still here');
          await terminal.shows('\nstill here');
          terminal.press('C-p', 'C-q');
          await terminal.shows('exit code 0');
          await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
          terminal.enter('clear; ns attach shell');
          terminal.enter('echo back; exit 4');
          await terminal.shows('exit code 4');
          await expect.poll(() => terminal.settings(), PATIENT).toBe(before);
          expect((await machine.ns('rm shell')).exitCode).toBe(0);
        } finally {
          terminal.close();
        }
      });
    });
  });
});
