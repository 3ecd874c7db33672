// needs: linux, root, busybox, docker-cli, overlayfs
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { framePieces } from '@ns/engine-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { textOf, until } from './harness.js';
import { RealDaemon } from './real-daemon.js';

const MOST_KILLS = 15;

let daemon: RealDaemon;
beforeAll(async () => {
  daemon = await RealDaemon.start();
  await daemon.importBusybox();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const out = async (...args: string[]): Promise<string> => (await daemon.docker(...args)).stdout.trim();
const start = (name: string, script: string, ...options: string[]): Promise<string> =>
  out('run', '-d', '--name', name, '--network', 'none', ...options, 'busybox', 'sh', '-c', script);

describe('a daemon that is killed', () => {
  it('leaves its containers running, and the next one knows everything of them', async () => {
    const count = 400;
    await start(
      'talker',
      `i=0; while [ $i -lt ${count} ]; do echo line $i; i=$((i+1)); sleep 0.01; done; exit 7`,
    );
    await start('short', 'sleep 2; echo last words; exit 8');
    await start('screen', 'sleep 2; echo on screen; exit 9', '-t');
    await start('gone', 'sleep 2; exit 3', '--rm');
    await start('reader', 'read -r line; echo "got $line"; exit 4', '-i');
    await out('create', '--name', 'waiting', '--network', 'none', 'busybox', 'true');
    const [talker, reader] = await Promise.all(
      ['talker', 'reader'].map((name) => out('inspect', '-f', '{{.State.Pid}}', name)),
    );
    await daemon.end('SIGKILL');
    await new Promise((resolve) => void setTimeout(resolve, 3000));
    process.kill(Number(talker), 0);
    await daemon.start();
    expect(await out('inspect', '-f', '{{.State.Pid}} {{.State.Status}}', 'reader')).toBe(
      `${reader} running`,
    );
    expect(await out('wait', 'talker', 'short', 'screen')).toBe('7\n8\n9');
    expect(await out('logs', 'talker')).toBe(Array.from({ length: count }, (_, i) => `line ${i}`).join('\n'));
    expect(await out('logs', 'short')).toBe('last words');
    expect(await out('logs', 'screen')).toBe('on screen');
    await until(
      'the container that removes itself is gone',
      async () => !(await out('ps', '-a', '--format', '{{.Names}}')).includes('gone'),
    );
    const attached = daemon.dockerWith('hello\n', 'attach', 'reader');
    expect(await out('wait', 'reader')).toBe('4');
    expect((await attached).stdout).toBe('got hello\n');
    expect(await out('inspect', '-f', '{{.State.Status}}', 'waiting')).toBe('created');
    expect(await out('start', '-a', 'waiting')).toBe('');
    for (const name of ['talker', 'short', 'screen', 'reader', 'waiting']) await out('rm', name);
    expect(readdirSync(join(daemon.directory, 'exec/native'))).toEqual([]);
    expect(readdirSync(join(daemon.directory, 'data/containers'))).toEqual([]);
  });

  it.each([0, 20, 50, 100, 200])(
    'is killed %d ms into a start: nothing is lost, nothing is left',
    async (delayMs) => {
      const starting = start(`moment${delayMs}`, 'exit 5').catch(() => '');
      await until(
        'the container is there',
        () => readdirSync(join(daemon.directory, 'data/containers')).length > 0,
      );
      await new Promise((resolve) => void setTimeout(resolve, delayMs));
      await daemon.end('SIGKILL');
      await starting;
      await daemon.start();
      for (const { Id } of await daemon.client.containerList({ all: true })) {
        await daemon.client.containerWait(Id);
        const { State } = await daemon.client.containerInspect(Id);
        expect(State.Status === 'created' || (State.Status === 'exited' && State.ExitCode === 5)).toBe(true);
        await daemon.client.containerRemove(Id);
      }
      expect(readdirSync(join(daemon.directory, 'data/containers'))).toEqual([]);
      expect(readdirSync(join(daemon.directory, 'exec/native'))).toEqual([]);
      expect(readdirSync(join(daemon.directory, 'exec/starting'))).toEqual([]);
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(daemon.directory);
    },
  );

  // A slow machine starts a daemon in seconds: a number of kills that is known, and time for them.
  it(
    'again and again loses and doubles nothing of what a container writes at full speed',
    { timeout: 300_000 },
    async () => {
      const lines = 9_000_000;
      await start('writer', `seq 1 ${lines}`, '--log-opt', 'max-size=200m', '--log-opt', 'max-file=2');
      let kills = 0;
      const isRunning = async (): Promise<boolean> =>
        (await out('inspect', '-f', '{{.State.Status}}', 'writer')) === 'running';
      while (kills < MOST_KILLS && (await isRunning())) {
        await new Promise((resolve) => void setTimeout(resolve, Math.random() * 30));
        await daemon.end('SIGKILL');
        kills += 1;
        await daemon.start();
      }
      expect(kills).toBeGreaterThan(9);
      expect(await out('wait', 'writer')).toBe('0');
      const { stream } = await daemon.client.containerLogs('writer', { stdout: true });
      let [next, rest] = [1, ''];
      for await (const { data } of framePieces(stream)) {
        const found = (rest + data.toString()).split('\n');
        rest = found.pop()!;
        for (const line of found) if (line !== String(next++)) throw new Error(`line ${next - 1} is ${line}`);
      }
      expect([next - 1, rest]).toEqual([lines, '']);
      await out('rm', 'writer');
    },
  );

  it('leaves a socket and a pid file that the next one takes over', async () => {
    await daemon.end('SIGKILL');
    expect(readdirSync(daemon.directory)).toContain('ns.sock');
    await daemon.start();
    expect(readFileSync(join(daemon.directory, 'exec/ns-daemon.pid'), 'utf8')).toBe(`${daemon.pid}\n`);
  });
});

describe('a daemon that is told to end', () => {
  it('takes its socket and pid file away, and leaves containers running', async () => {
    await start('on', 'echo before; sleep 1; echo after; exit 6');
    const following = daemon.docker('logs', '-f', 'on');
    await daemon.end('SIGTERM');
    await following;
    expect(readdirSync(daemon.directory)).not.toContain('ns.sock');
    expect(readdirSync(join(daemon.directory, 'exec'))).not.toContain('ns-daemon.pid');
    await daemon.start();
    expect(await out('wait', 'on')).toBe('6');
    expect(await out('logs', 'on')).toBe('before\nafter');
    await out('rm', 'on');
  });
});

describe('a second daemon', () => {
  it.each([
    ['exec', 'already uses the exec root'],
    ['other', 'already uses the data root'],
  ])('with the same directories but for the exec root %s does not start', async (execRoot, message) => {
    const flags = ['--exec-root', join(daemon.directory, execRoot)];
    const second = daemon.spawn(flags, { stdio: ['ignore', 'ignore', 'pipe'] });
    const text = await textOf(second.stderr!);
    expect(text).toContain(message);
    expect(text).toContain(`process id ${daemon.pid}`);
    expect((await daemon.client.ping()).osType).toBe('linux');
  });

  it.each([
    [['--exec-driver', 'jail'], 'no package jail is installed'],
    [['-H', 'tcp://0.0.0.0:1'], 'TCP needs mutual TLS, which comes in a later version'],
    [['--wings'], "unknown option '--wings'"],
  ])('with %j says what is wrong', async (flags, message) => {
    const second = daemon.spawn(flags, { stdio: ['ignore', 'ignore', 'pipe'] });
    expect(await textOf(second.stderr!)).toContain(message);
  });
});
