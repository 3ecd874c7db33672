// needs: linux, root, busybox
/** Images and containers that try to get at the host, through the whole driver. Each is a hole that others had. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { NsError } from '@ns/errors';
import {
  nativeDriver,
  type Container,
  type ContainerSpec,
  type ExecProcess,
  type ProcessSpec,
} from '@ns/execdriver';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { BusyboxRoot } from './busybox-root.js';

const ENV = ['PATH=/bin'];

let root: BusyboxRoot;
/** The host's: what a container must neither see nor change. */
let host = '';
let containers: Container[] = [];

beforeEach(() => {
  root = new BusyboxRoot();
  host = mkdtempSync(join(tmpdir(), 'ns-attacks-'));
  mkdirSync(join(host, 'victim'));
  writeFileSync(join(host, 'secret'), 'of the host\n');
});

afterEach(async () => {
  for (const container of containers) await container.destroy();
  containers = [];
  assert.deepEqual(readdirSync(join(host, 'victim')), []);
  assert.equal(readFileSync(join(host, 'secret'), 'utf8'), 'of the host\n');
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(host));
  root[Symbol.dispose]();
  rmSync(host, { recursive: true });
});

type Change = Partial<Omit<ContainerSpec, 'process'>>;

async function start(process: Partial<ProcessSpec>, change: Change = {}): Promise<Container> {
  const container = await nativeDriver({ stateRoot: join(host, 'state') }).create({
    id: `c${containers.length}`,
    root: { kind: 'directory', path: root.path },
    ...change,
    process: { args: ['sh'], env: ENV, ...process },
  });
  containers.push(container);
  await container.start();
  return container;
}

const script = (lines: string): string[] => ['sh', '-c', lines];

async function output(process: {
  readonly streams: Container['streams'];
  wait(): Promise<unknown>;
}): Promise<string> {
  process.streams?.stdin?.end();
  const [out] = await Promise.all([text(process.streams!.stdout!), process.wait()]);
  return out;
}

const run = async (lines: string, change: Change = {}, more: Partial<ProcessSpec> = {}): Promise<string> =>
  output(await start({ args: script(lines), ...more }, change));

/** The error of a start that must not succeed. */
const refusal = async (started: Promise<unknown>): Promise<NsError> => {
  const error: unknown = await started.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  );
  if (NsError.is(error)) return error;
  throw error;
};

const inRoot = (path: string): string => join(root.path, path);

describe('an image', () => {
  test.each(['proc', 'dev', 'sys'])(
    'whose /%s is a link to the host is refused (CVE-2019-19921, CVE-2026-41579)',
    async (name) => {
      symlinkSync(join(host, 'victim'), inRoot(name));
      const error = await refusal(start({}));
      expect(error.code).toBe('ERR_NS_STEP_FAILED');
      expect(error.message).toContain(`/${name}`);
    },
  );

  test('whose /proc is a link into a volume is refused (CVE-2023-27561)', async () => {
    mkdirSync(join(host, 'volume/proc'), { recursive: true });
    symlinkSync('/vol/proc', inRoot('proc'));
    const mounts = [{ type: 'bind', source: join(host, 'volume'), target: '/vol' }] as const;
    const error = await refusal(start({}, { mounts }));
    expect(error.message).toContain('/proc');
    expect(readdirSync(join(host, 'volume/proc'))).toEqual([]);
  });

  test('whose /dev/null is something else hides nothing with it (CVE-2025-31133)', async () => {
    mkdirSync(inRoot('dev'));
    symlinkSync('/etc/group', inRoot('dev/null'));
    const look = '[ -c /etc/passwd ] && cat /etc/passwd; echo written > /etc/passwd; cat /etc/group';
    const group = readFileSync(inRoot('etc/group'), 'utf8');
    for (const defaultMounts of [true, false]) {
      expect(await run(look, { maskedPaths: ['/etc/passwd'], defaultMounts })).toBe(group);
    }
    expect(await run('stat -c %t:%T /dev/null; wc -c < /proc/keys')).toBe('1:3\n0\n');
  });

  test('whose /dev/console is a link gets no terminal mounted over its target (CVE-2025-52565)', async () => {
    mkdirSync(inRoot('dev'));
    symlinkSync('/etc/passwd', inRoot('dev/console'));
    const container = await start({ args: script('cat /etc/passwd'), terminal: { rows: 24, columns: 80 } });
    expect(await text(container.streams!.stdout!)).toContain('root:x:0:0');
  });
});

describe('an image whose /etc/passwd', () => {
  const passwd = (): string => inRoot('etc/passwd');
  beforeEach(() => rmSync(passwd()));

  test.each([
    ['is a FIFO', () => spawnSync('mkfifo', [passwd()])],
    ['is a device without end', () => spawnSync('mknod', [passwd(), 'c', '1', '5'])],
    ['is a directory', () => mkdirSync(passwd())],
    ['is longer than anybody needs', () => writeFileSync(passwd(), Buffer.alloc(9 * 1024 * 1024, 'x'))],
  ])('%s is refused at once', async (_, make) => {
    make();
    const error = await refusal(start({ user: 'app' }));
    expect(error.code).toBe('ERR_NS_CORRUPT');
  });

  test.each([
    ['an absolute link', () => join(host, 'passwd')],
    ['a link that climbs', () => `../../../../../../../..${join(host, 'passwd')}`],
  ])('is %s to the host does not know the host’s users', async (_, target) => {
    writeFileSync(join(host, 'passwd'), 'thief:x:4711:4711::/:/bin/sh\n');
    symlinkSync(target(), passwd());
    const error = await refusal(start({ user: 'thief' }));
    expect(error.code).toBe('ERR_NS_NOT_FOUND');
  });
});

describe('a working directory', () => {
  const DESCRIPTORS = Array.from({ length: 20 }, (_, index) => index);
  /** From a directory of the host, this reaches the host's root. */
  const climb = (): string => `cat ../../../../../../../../../../..${host}/secret 2> /dev/null; pwd`;

  test('that is a link to a descriptor does not lead out (CVE-2024-21626)', async () => {
    for (const descriptor of DESCRIPTORS) {
      symlinkSync(`/proc/self/fd/${descriptor}`, inRoot(`work${descriptor}`));
      const attempt = run(climb(), {}, { cwd: `/work${descriptor}` });
      const seen = await attempt.catch((error: unknown) => (NsError.is(error) ? 'refused' : String(error)));
      expect(seen).toMatch(/^refused$|^\/.*\n$/);
    }
  });

  test.each(['', '/..', '/../../../..'])(
    'of an exec that is a descriptor does not lead out, with %j (CVE-2024-21626)',
    async (suffix) => {
      const container = await start({});
      for (const descriptor of DESCRIPTORS) {
        const cwd = `/proc/self/fd/${descriptor}${suffix}`;
        const attempt = container.exec({ args: script(climb()), env: ENV, cwd }).then(output);
        const seen = await attempt.catch((error: unknown) => (NsError.is(error) ? 'refused' : String(error)));
        expect(seen).toMatch(/^refused$|^\/.*\n$/);
      }
    },
  );
});

describe('a mount point', () => {
  /** Makes /vol a link to a directory of the image, and to the host, in turns: at no time is there none. */
  const SWAP = `
    const { renameSync, symlinkSync } = require('node:fs');
    process.chdir(process.argv[1]);
    for (let round = 0; ; round++) {
      for (const target of ['inside', process.argv[2]]) {
        symlinkSync(target, 'next');
        renameSync('next', 'vol');
      }
      if (round === 0) console.log('swapping');
    }`;

  test.each([
    ['an absolute link', () => host],
    ['a link that climbs', () => `../../../../../../../..${host}`],
  ])(
    'that is swapped for %s to the host all the time stays in the root (CVE-2021-30465)',
    async (_, target) => {
      mkdirSync(inRoot('inside/victim'), { recursive: true });
      // Where the link leads inside the root.
      mkdirSync(inRoot(host), { recursive: true });
      const swapper = spawn(process.execPath, ['-e', SWAP, root.path, target()], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const gone = new Promise((resolve) => swapper.once('exit', resolve));
      try {
        await new Promise((resolve) => swapper.stdout.once('data', resolve));
        let started = 0;
        for (let round = 0; round < 25; round++) {
          const mounts = [{ type: 'tmpfs', target: '/vol/victim' }] as const;
          const attempt = run('echo stolen > /vol/victim/file; echo started', { mounts });
          const seen = await attempt.catch((error: unknown) => {
            if (NsError.is(error)) return '';
            throw error;
          });
          if (seen !== '') started += 1;
          expect(readdirSync(join(host, 'victim'))).toEqual([]);
          expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(`${host}/victim`);
          await containers.pop()!.destroy();
        }
        expect(started).toBeGreaterThan(0);
        // The attack was met: the link to the host was followed, inside the root.
        expect(existsSync(inRoot(`${host}/victim`))).toBe(true);
        expect(swapper.exitCode).toBeNull();
      } finally {
        swapper.kill('SIGKILL');
        await gone;
      }
    },
  );
});

describe('the driver’s own programs', () => {
  /** Prints what it could do to the program of process 1. */
  const OVERWRITE = `
    (: >> /proc/1/exe) 2> /dev/null && echo appended
    (: > /proc/1/exe) 2> /dev/null && echo truncated
    cp /bin/busybox /proc/1/exe 2> /dev/null && echo copied
    rm /proc/1/exe 2> /dev/null && echo removed
    echo tried`;

  test('cannot be overwritten by way of the init (CVE-2019-5736)', async () => {
    expect(await run(OVERWRITE, { init: true })).toBe('tried\n');
  });

  test('do nothing but what they are for when they are executed by way of the init', async () => {
    const again = '[ -e /flag ] && exit 7; echo > /flag; /proc/1/exe; echo "it ended with $?"';
    // It has nobody to report to, and gives up.
    expect(await run(again, { init: true })).toBe('it ended with 127\n');
  });

  test.each([false, true])(
    'are not run as the interpreter of a script, init %s (CVE-2019-5736)',
    async (init) => {
      writeFileSync(inRoot('bin/evil'), '#!/proc/self/exe\n', { mode: 0o755 });
      // If it is run at all, it has no rights to do anything with, and says so.
      const codeOf = (process: Promise<Container | ExecProcess>): Promise<number> =>
        process.then(
          async (it) => (await it.wait()).code,
          (error: unknown) => (NsError.is(error) ? 127 : 0),
        );
      expect(await codeOf(start({ args: ['/bin/evil'] }, { init }))).not.toBe(0);
      const container = await start({});
      expect(await codeOf(container.exec({ args: ['/bin/evil'], env: ENV }))).not.toBe(0);
    },
  );

  test('leave no descriptor in a container', async () => {
    const descriptors = (pid: number): string[] => readdirSync(`/proc/${pid}/fd`);
    const args = ['sleep', '100'];
    const terminal = { rows: 24, columns: 80 };
    for (const change of [{}, { init: true }]) {
      for (const container of [await start({ args }, change), await start({ args, terminal }, change)]) {
        expect(descriptors(container.pid!)).toEqual(['0', '1', '2']);
        await container.exec({ args, env: ENV });
        await container.exec({ args, env: ENV, terminal });
        for (const pid of await container.processes()) expect(descriptors(pid)).toEqual(['0', '1', '2']);
      }
    }
  });

  test('are of memory that nobody can write, and of no file of the host', async () => {
    const container = await start({ args: script('read line') }, { init: true });
    const executable = `/proc/${container.pid}/exe`;
    expect(readlinkSync(executable)).toMatch(/^\/memfd:.* \(deleted\)$/);
    expect(statSync(executable).nlink).toBe(0);
    // Not even the host's root can.
    expect(() => writeFileSync(executable, 'x', { flag: 'r+' })).toThrow(/ETXTBSY|EPERM/);
  });
});

describe('a process that joins a container', () => {
  /**
   * Process 1 reads, of every process that appears, what only a tracer may read. That it was the joining process's
   * shows its name, which is not the program's yet, before and after.
   */
  const READER = `
    echo ready
    while :; do
      for process in /proc/[0-9]*; do
        read before < $process/comm || continue
        [ "$before" = ns-exec ] || continue
        echo met
        for file in maps environ auxv mem stack syscall; do
          read -n 1 byte < $process/$file && read after < $process/comm && [ "$after" = ns-exec ] && echo "STOLEN $file"
        done
        (ls $process/fd $process/cwd/ $process/root/) > /dev/null && read after < $process/comm &&
          [ "$after" = ns-exec ] && echo STOLEN links
      done 2> /dev/null
    done`;

  test('cannot be read before it has become the container’s program', async () => {
    const container = await start({ args: script(READER), stdio: ['null', 'pipe', 'null'] });
    let seen = '';
    container.streams?.stdout?.on('data', (bytes: Buffer) => (seen += bytes.toString()));
    await expect.poll(() => seen).toContain('ready');
    for (let round = 0; round < 400 && !(round > 40 && seen.includes('met')); round++) {
      const joined = await container.exec({ args: ['true'], env: ENV, stdio: ['null', 'null', 'null'] });
      await joined.wait();
    }
    expect(seen).toContain('met');
    expect(seen).not.toContain('STOLEN');
  });
});

describe('a cgroup', () => {
  /** What root with the default capabilities may try; each line that succeeds says so. */
  const ESCAPES = `
    try() { "$@" > /dev/null 2>&1 && echo "DONE $*"; }
    find /sys/fs/cgroup -name release_agent -o -name cgroup.procs -o -name tasks -o -name devices.allow |
      while read file; do (echo 1 > $file) 2> /dev/null && echo "WROTE $file"; done
    mkdir -p /mnt
    for controller in memory devices pids rdma; do try mount -t cgroup -o $controller none /mnt; done
    try mount -t cgroup2 none /mnt
    try mount -o remount,rw /sys/fs/cgroup
    for kind in -U -C -m; do try unshare $kind true; done
    echo tried`;

  test('cannot be left, nor made to run a program on the host (CVE-2022-0492)', async () => {
    expect(await run(ESCAPES)).toBe('tried\n');
  });

  test('cannot be left by whoever is in a user namespace of its own', async () => {
    const map = [{ inside: 0, outside: 100_000, length: 65_536 }];
    const change: Change = { namespaces: { user: 'new' }, uidMap: map, gidMap: map };
    // Its root owns nothing of the image.
    for (const name of ['dev', 'mnt', 'proc', 'sys']) mkdirSync(inRoot(name));
    expect(await run(ESCAPES, change)).toBe('tried\n');
  });

  test('keeps the disks of the host from whoever may make their nodes', async () => {
    const { dev } = statSync(root.path);
    const [major, minor] = [dev >> 8, dev & 0xff];
    const tried = await run(`
      for kind in b c; do mknod /node-$kind $kind ${major} ${minor}; done
      for node in /node-b /node-c; do head -c 1 $node > /dev/null 2>&1 && echo "READ $node"; done
      mknod /memory c 1 1; head -c 1 /memory > /dev/null 2>&1 && echo READ memory
      ls /node-b`);
    expect(tried).toBe('/node-b\n');
  });
});
