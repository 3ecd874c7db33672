import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { needs } from '@ns/testing';

import { SECOND_KERNEL } from '../src/requirement.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** A virtual machine on a busy machine. */
const LIMIT_MS = 240_000;

/** All that a run leaves in temporary directories would be here. */
let folder = '';
let scratch = '';
let mounts = '';

const mountinfo = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vm-test-'));
  scratch = join(folder, 'tmp');
  mkdirSync(scratch);
  mounts = mountinfo();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** `./dev vm ARGS`, without what `./dev` does before. */
function vm(...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    stdio: 'pipe',
    env: { ...process.env, TMPDIR: scratch },
  });
}

async function result(child: ChildProcess, input: string | Buffer = ''): Promise<object> {
  child.stdin?.end(input);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('no pipes');
  const [out, err, [code, signal]] = await Promise.all([text(stdout), text(stderr), once(child, 'exit')]);
  return { out, err, status: signal ?? code };
}

/** Processes that have our scratch directory in their environment, by name. */
function left(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${scratch}\0`)) return [];
      return [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()];
    } catch {
      return []; // It ended.
    }
  });
}

function expectNothingLeft(): void {
  expect(left()).toEqual([]);
  expect(readdirSync(scratch)).toEqual([]);
  expect(mountinfo()).toBe(mounts);
}

/** A kernel thread, or a process that is being killed, takes a moment. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds() && Date.now() < end;) await sleep(50);
}

describe('a command under the second kernel', needs('root', ...SECOND_KERNEL), () => {
  it(
    'has its streams apart and its status handed over, and leaves nothing',
    async () => {
      const script = [
        'cat; uname -r >&2',
        'cat /sys/module/apparmor/parameters/enabled /proc/self/attr/current >&2',
        // Pure: nothing but cgroup2, with its controllers.
        'grep -c " cgroup " /proc/self/mounts >&2; stat -f -c %T /sys/fs/cgroup >&2; cat /proc/self/cgroup >&2',
        'grep -ow -e memory -e pids /sys/fs/cgroup/cgroup.subtree_control >&2',
        'ls -A /tmp >&2; touch /tmp/x /var/tmp/x /etc/ns-vm-was-here; exit 7',
      ].join('; ');
      const binary = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 31) % 128));
      const release = /^6\.|^\d+\./;
      const { out, err, status } = (await result(vm('--', 'sh', '-c', script), binary)) as Record<
        string,
        string
      >;
      expect(out).toBe(binary.toString());
      const lines = (err ?? '').trim().split('\n');
      expect(lines[0]).toMatch(release);
      expect(lines.slice(1)).toEqual(['Y', 'unconfined', '0', 'cgroup2fs', '0::/', 'memory', 'pids']);
      expect(status).toBe(7);
      expectNothingLeft();
      expect(readdirSync('/etc')).not.toContain('ns-vm-was-here');
    },
    LIMIT_MS,
  );

  it(
    'may write to a shared directory, have cgroup v1 and no AppArmor, and what it left running is not waited for',
    async () => {
      const shared = join(folder, "it's shared");
      mkdirSync(shared);
      writeFileSync(join(shared, 'in'), 'from outside');
      const script =
        'cat in; echo from inside >out; sleep 1000 & cat /sys/module/apparmor/parameters/enabled >>out; ' +
        'ls -d /sys/fs/cgroup/memory /sys/fs/cgroup/cpu >>out; kill -9 $$';
      const args = [
        '--share',
        shared,
        '--cgroup',
        '1',
        '--no-apparmor',
        '--',
        'sh',
        '-c',
        `cd "$0"; ${script}`,
      ];
      expect(await result(vm(...args, shared))).toEqual({ out: 'from outside', err: '', status: 137 });
      expect(readFileSync(join(shared, 'out'), 'utf8').split('\n')).toEqual([
        'from inside',
        'N',
        '/sys/fs/cgroup/cpu',
        '/sys/fs/cgroup/memory',
        '',
      ]);
      expectNothingLeft();
    },
    LIMIT_MS,
  );

  it(
    'is ended after its time, or with whoever started it',
    async () => {
      const late = await result(vm('--timeout', '1', '--', 'sleep', '1000'));
      expect(late).toEqual({
        out: '',
        err: 'vm: the command took more than 1 s and was ended\n',
        status: 124,
      });
      expectNothingLeft();
      for (const [signal, status] of [
        ['SIGTERM', 130],
        ['SIGKILL', 'SIGKILL'],
      ] as const) {
        const child = vm('--', 'sleep', '1000');
        await until(() => left().includes('qemu-system-x86'));
        child.kill(signal);
        expect(await result(child)).toMatchObject({ status });
        await until(() => left().length === 0);
        expectNothingLeft();
      }
    },
    LIMIT_MS,
  );

  it(
    'that cannot start says why',
    async () => {
      const noKernel = (await result(vm('--kernel', 'linux-image-none', '--', 'true'))) as Record<
        string,
        string
      >;
      expect(noKernel).toMatchObject({ out: '', status: 125 });
      expect(noKernel['err']).toMatch(/^vm: there is no second kernel: apt cannot fetch linux-image-none: /m);
      const panic = (await result(vm('--append', 'rdinit=/nowhere', '--', 'true'))) as Record<string, string>;
      expect(panic).toMatchObject({ out: '', status: 125 });
      expect(panic['err']).toMatch(
        /^vm: ended without the command's status \(qemu: status 0\)[^]*Kernel panic/,
      );
      expectNothingLeft();
    },
    LIMIT_MS,
  );
});
