// needs: linux, root, unshare, busybox, overlayfs
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Engine, settled, type Traces } from '../src/engine.ts';
import { makeBusybox } from '../src/rootfs.ts';

const COUNT = 50;
/** Clients at once: each is a Node, and the point is the engine. */
const CLIENTS = 4;

let engine: Engine;
let before: Traces;
let root: string;

beforeAll(async () => {
  engine = await Engine.start();
  root = makeBusybox(join(engine.folder, 'root'));
  await engine.out(['run', '--rm', '--network=none', '--rootfs', root, 'true']);
  before = await engine.traces();
});
afterAll(() => engine[Symbol.asyncDispose]());
afterEach(async () => {
  await engine.assertNothingLeft(before);
});

/** Do something for each number below `count`, a few at a time. */
async function each(count: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: CLIENTS }, worker));
}

describe('50 containers at once', () => {
  it('run, each in a world of its own, and end as they should', { timeout: 180_000 }, async () => {
    const script = (i: number): string =>
      `hostname; echo ${i} > /mine; trap 'echo "$(cat /mine)"; exit ${i}' TERM; while :; do sleep 0.1; done`;
    await each(COUNT, async (i) => {
      await engine.out(
        ['run', '-d', '--name', `c${i}`, '-h', `host${i}`, '--network=none', '--rootfs', root].concat(
          'sh',
          '-c',
          script(i),
        ),
      );
    });
    const names = (await engine.out(['ps', '--format', '{{.Names}}'])).split('\n');
    expect(names.length).toBe(COUNT);
    expect(new Set(names).size).toBe(COUNT);
    // One monitor and one first process each, beside what they started.
    const processes = engine.sandbox.processes();
    expect(processes.filter(({ name }) => name === 'ns-monitor').length).toBe(COUNT);
    const all = Array.from({ length: COUNT }, (_, i) => `c${i}`);
    await settled(async () => (await engine.out('logs c49')) === 'host49', 'the last one is up');
    expect(await engine.out(['stop', ...all], { timeoutMs: 120_000 })).toBe(all.join('\n'));
    expect(await engine.out(['wait', ...all])).toBe(all.map((_, i) => i).join('\n'));
    await each(COUNT, async (i) => {
      expect(await engine.out(`logs c${i}`)).toBe(`host${i}\n${i}`);
    });
    await engine.out(['rm', ...all]);
  });

  it(
    'of a second each, one after the other without a pause, leave nothing',
    { timeout: 120_000 },
    async () => {
      await each(COUNT, async (i) => {
        const { status, stdout } = await engine.ns(
          ['run', '--rm', '--network=none', '--rootfs', root].concat('sh', '-c', `echo ${i}; exit ${i % 7}`),
        );
        expect({ status, stdout }).toEqual({ status: i % 7, stdout: `${i}\n` });
      });
    },
  );
});

describe('--init', () => {
  /** Leaves 20 orphans that end at once, then looks who is dead and not waited for. */
  const script = `for i in $(seq 20); do (sh -c 'sleep 0.1 & exec true' &); done; sleep 1
    grep -l '^State:.Z' /proc/[0-9]*/status | wc -l; cat /proc/1/comm; exit 5`;
  const run = (...flags: string[]): Promise<string> =>
    engine
      .ns(['run', '--rm', '--network=none', ...flags, '--rootfs', root, 'sh', '-c', script])
      .then(({ status, stdout }) => `${stdout.trim().replaceAll('\n', ' ')} ${status}`);

  it('reaps what nobody waits for, and hands on the exit code', async () => {
    expect(await run('--init')).toBe('0 ns-init 5');
  });

  it('hands on signals', async () => {
    const running = engine.startNs(
      ['run', '--rm', '--init', '--network=none', '--rootfs', root].concat(
        'sh',
        '-c',
        'trap "exit 6" USR1; echo up; while :; do sleep 0.1; done',
      ),
    );
    await settled(() => running.stdout === 'up\n', 'the trap is set');
    running.child.kill('SIGUSR1');
    expect((await running.ended).status).toBe(6);
  });
});

describe('--rootfs /', () => {
  it("is this machine's root under an overlay: everything is there, and nothing changes", async () => {
    const script = `set -e; . /etc/os-release; echo "$ID"; node=$(command -v bash); "$node" -c 'echo "$BASH_VERSION"' >&2
      echo changed > /etc/ns-e2e-was-here; rm -f /etc/passwd; ls /etc/passwd 2>/dev/null || echo removed; ls /proc | grep -c '^[0-9]'`;
    const { status, stdout, stderr } = await engine.ns([
      'run',
      '--rm',
      '--network=none',
      '--rootfs',
      '/',
      'bash',
      '-c',
      script,
    ]);
    expect(stderr).toMatch(/^\d+\.\d+/);
    const [id, removed, processes] = stdout.split('\n');
    expect(id).toMatch(/^[a-z]+$/);
    expect(removed).toBe('removed');
    expect(Number(processes)).toBeLessThan(5);
    expect(status).toBe(0);
    expect(existsSync('/etc/ns-e2e-was-here')).toBe(false);
    expect(existsSync('/etc/passwd')).toBe(true);
  });

  it('is seen without what else is mounted on it', async () => {
    const { stdout } = await engine.ns(
      ['run', '--rm', '--network=none', '--rootfs', '/'].concat('cat', '/proc/mounts'),
    );
    const points = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
    const own = /^\/(proc|dev|sys|etc\/(hosts|hostname|resolv\.conf))?(\/|$)/;
    expect(points.filter((point) => !own.test(point))).toEqual([]);
  });
});
