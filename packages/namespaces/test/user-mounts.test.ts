import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import {
  AT,
  CLONE,
  MS,
  RENAME,
  SIG,
  call,
  compile,
  cstr,
  kill,
  loop,
  spawn,
  syscall,
  type Step,
} from '@ns/syscall';
import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { planMounts, userMounts, type MountSpec } from '../src/index.js';
import { Scratch } from './busybox-root.js';
import { program, runContainer, without, type ContainerOptions, type Outcome } from './container.js';
import { idMappable } from './id-mappable.js';

const able = needs('linux', 'root', 'busybox');
const MAP = [{ inside: 0, outside: 0, length: 65_536 }];

interface Options extends Partial<ContainerOptions> {
  readonly mounts: readonly MountSpec[];
  /** In the monitor, before the sources are opened. */
  readonly before?: readonly Step[];
  readonly privileged?: boolean;
}

function run(root: string, { mounts, before = [], privileged = true, ...options }: Options): Outcome {
  const planned = planMounts(mounts, before.length > 0 ? () => 'directory' : undefined);
  return runContainer({
    root,
    script: 'true',
    parts: ({ rootFd }) => {
      const { host, init } = userMounts({ mounts: planned, rootFd, privileged });
      return { host: [...before, ...host], init };
    },
    ...options,
  });
}

/** Steps for a mount namespace of the monitor's own, with a tmpfs on a directory, and another below it. */
const tmpfsOn = (path: string, propagation: keyof typeof MS): Step[] => {
  const none = cstr('');
  const tmpfs = (at: string): Step =>
    call('mount', [cstr('tmpfs'), cstr(at), cstr('tmpfs'), 0, none], { what: `tmpfs ${at}` });
  return [
    call('unshare', [CLONE.CLONE_NEWNS], { what: 'unshare' }),
    call('mount', [none, cstr('/'), none, MS.MS_PRIVATE | MS.MS_REC, 0], { what: 'private' }),
    tmpfs(path),
    call('mkdirat', [-100, cstr(`${path}/sub`), 0o755], { what: 'mkdir' }),
    tmpfs(`${path}/sub`),
    call('mount', [none, cstr(path), none, MS[propagation] | MS.MS_REC, 0], { what: propagation }),
  ];
};

describe('a bind mount', able, () => {
  test('of a directory and of a file, onto places that do not exist yet', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    const source = scratch.directory('source');
    const file = scratch.file('source/file', 'content');
    const { stdout, failure } = run(root, {
      mounts: [
        { type: 'bind', source, target: '/a/b/c' },
        { type: 'bind', source: file, target: '/etc/new/file' },
        { type: 'bind', source: file, target: '/etc/passwd' },
      ],
      script: 'cat /a/b/c/file /etc/new/file /etc/passwd; echo more > /a/b/c/written; stat -c %a /a /a/b',
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe('contentcontentcontent755\n755\n');
    expect(readFileSync(join(source, 'written'), 'utf8')).toBe('more\n');
  });

  test.each([
    ['', undefined],
    [' on a kernel without mount_setattr', (given) => without(given, 'mount_setattr')],
  ] as [string, ContainerOptions['change']][])('can be read-only, a directory or a file%s', (_, change) => {
    using scratch = new Scratch();
    const source = scratch.directory('source');
    const file = scratch.file('file', '');
    const { stderr, failure } = run(scratch.root(), {
      mounts: [
        { type: 'bind', source, target: '/mnt', readonly: true },
        { type: 'bind', source: file, target: '/file', readonly: true },
      ],
      script: 'touch /mnt/x; echo x > /file',
      ...(change ? { change } : {}),
    });
    expect(failure).toBeUndefined();
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
  });

  test('is read-only with its sub-mounts, or without them when asked', () => {
    const script = 'touch /mnt/x; touch /mnt/sub/x && echo sub';
    using scratch = new Scratch();
    const source = scratch.directory('source');
    const root = scratch.root();
    const before = tmpfsOn(source, 'MS_PRIVATE');
    const all = run(root, {
      mounts: [{ type: 'bind', source, target: '/mnt', readonly: true }],
      before,
      script,
    });
    expect([all.stdout, all.stderr.match(/Read-only/g)?.length]).toEqual(['', 2]);
    const top = run(root, {
      mounts: [{ type: 'bind', source, target: '/mnt', readonly: 'non-recursive' }],
      before,
      script,
    });
    expect([top.stdout, top.stderr.match(/Read-only/g)?.length]).toEqual(['sub\n', 1]);
    const alone = run(root, {
      mounts: [{ type: 'bind', source, target: '/mnt', recursive: false }],
      before,
      script: 'grep -c " /mnt" /proc/mounts',
    });
    expect(alone.stdout).toBe('1\n');
  });

  test.each([
    [undefined, /^$/],
    ['private', /^$/],
    ['rslave', /^master:\d+$/],
    ['slave', /^master:\d+$/],
    ['rshared', /^shared:\d+$/],
  ] as const)('has the propagation %s', (propagation, expected) => {
    using scratch = new Scratch();
    const source = scratch.directory('source');
    const { stdout, failure } = run(scratch.root(), {
      mounts: [{ type: 'bind', source, target: '/mnt', ...(propagation ? { propagation } : {}) }],
      before: tmpfsOn(source, 'MS_SHARED'),
      script: 'grep " /mnt " /proc/self/mountinfo',
    });
    expect(failure).toBeUndefined();
    const fields = stdout.split(' - ')[0]!.split(' ').slice(6).join(' ');
    expect(fields).toMatch(expected);
  });

  test('can be id-mapped', needs(idMappable), () => {
    using scratch = new Scratch();
    const source = scratch.directory('source');
    chownSync(scratch.file('source/file', ''), 0, 0);
    chownSync(source, 0, 0);
    const { stdout, failure } = run(scratch.root(), {
      mounts: [
        {
          type: 'bind',
          source,
          target: '/mnt',
          idMap: {
            uids: [{ inside: 0, outside: 1000, length: 10 }],
            gids: [{ inside: 0, outside: 2000, length: 10 }],
          },
        },
      ],
      script: 'stat -c "%u %g" /mnt/file',
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe('1000 2000\n');
  });

  test('is made by the child where the monitor has no privilege', () => {
    using scratch = new Scratch();
    const source = scratch.directory('source');
    const { stderr, failure } = run(scratch.root(), {
      mounts: [{ type: 'bind', source, target: '/mnt', readonly: true }],
      privileged: false,
      namespaces: { user: 'new' },
      uidMap: MAP,
      gidMap: MAP,
      script: 'touch /mnt/x',
    });
    expect(failure).toBeUndefined();
    expect(stderr).toContain('Read-only file system');
  });
});

describe('a tmpfs', able, () => {
  test("has Docker's defaults", () => {
    using scratch = new Scratch();
    const { stdout } = run(scratch.root(), {
      mounts: [{ type: 'tmpfs', target: '/run/lock' }],
      script: 'stat -c "%a %u" /run/lock; grep " /run/lock " /proc/mounts',
    });
    expect(stdout).toMatch(/^1777 0\ntmpfs \/run\/lock tmpfs rw,nosuid,nodev,noexec,/);
  });

  test('takes size, mode, owner and flags', () => {
    using scratch = new Scratch();
    const { stdout } = run(scratch.root(), {
      mounts: [
        {
          type: 'tmpfs',
          target: '/t',
          sizeBytes: 1024 * 1024,
          mode: 0o750,
          uid: 5,
          gid: 6,
          exec: true,
          suid: true,
          dev: true,
          readonly: true,
        },
      ],
      script: 'stat -c "%a %u %g" /t; grep " /t " /proc/mounts',
    });
    expect(stdout).toMatch(/^750 5 6\ntmpfs \/t tmpfs ro,relatime,size=1024k,mode=750,uid=5,gid=6/);
  });
});

describe('an image that tries to redirect a mount', able, () => {
  /** A root in which `link` points to `to`; a mount below it; what is then where. */
  function attack(to: string, target: string): { outcome: Outcome; outside: string } & Disposable {
    const scratch = new Scratch();
    const root = scratch.root();
    const outside = scratch.directory('outside');
    symlinkSync(to.replaceAll('OUTSIDE', outside), join(root, 'link'));
    const source = scratch.directory('source');
    writeFileSync(join(source, 'marker'), 'mounted');
    const outcome = run(root, { mounts: [{ type: 'bind', source, target }] });
    return { outcome, outside, [Symbol.dispose]: () => scratch[Symbol.dispose]() };
  }

  test('with an absolute link to a host path reaches its own root only', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    const outside = scratch.directory('outside');
    const source = scratch.directory('source');
    scratch.file('source/marker', 'mounted');
    mkdirSync(join(root, outside), { recursive: true });
    symlinkSync(outside, join(root, 'link'));
    const { stdout, failure } = run(root, {
      mounts: [{ type: 'bind', source, target: '/link/new' }],
      script: `cat ${outside}/new/marker`,
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe('mounted');
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(join(root, outside, 'new'))).toBe(true);
  });

  test.each([
    ['an absolute link to a host path that the image lacks', 'OUTSIDE', '/link/new', 'ENOENT'],
    ['dots that climb out', '../../../../..OUTSIDE', '/link/new', 'ENOENT'],
    ['a link into /proc/self/fd', '/proc/self/fd/4', '/link/new', 'ELOOP'],
    ['a link to the root of another process', '/proc/1/root', '/link/new', 'ELOOP'],
    ['a link to /proc', '/proc', '/link/sys', 'EXDEV'],
    ['a link to a file of /proc', '/proc/self/attr', '/link', 'EXDEV'],
    ['a loop', '/link', '/link', 'ELOOP'],
  ])('with %s gets an error', (_, to, target, code) => {
    using attacked = attack(to, target);
    expect(attacked.outcome.failure?.error.code).toBe(code);
    expect(attacked.outcome.failure?.error.hint).toBeDefined();
    expect(readdirSync(attacked.outside)).toEqual([]);
  });

  test('with a file where a directory is needed gets an error', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    const source = scratch.directory('source');
    const { failure } = run(root, { mounts: [{ type: 'bind', source, target: '/etc/passwd' }] });
    expect(failure?.error).toMatchObject({ code: 'ENOTDIR', path: '/etc/passwd' });
    const file = scratch.file('file', '');
    const other = run(root, { mounts: [{ type: 'bind', source: file, target: '/etc' }] });
    expect(['EINVAL', 'ENOTDIR']).toContain(other.failure?.error.code);
    expect(other.failure?.error.hint).toContain('other way round');
  });

  test('by swapping a directory for a link all the time stays in its root', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    const outside = scratch.directory('outside');
    const source = scratch.directory('source');
    const inside = join(root, outside);
    mkdirSync(join(root, 'a'));
    mkdirSync(inside, { recursive: true });
    symlinkSync(outside, join(root, 'b'));
    const rounds = Array.from({ length: 25 }, (_, round) => round);
    const codes: (string | undefined)[] = [];
    {
      using _racer = swap(scratch, join(root, 'a'), join(root, 'b'));
      for (const round of rounds) {
        const mounts: MountSpec[] = [{ type: 'bind', source, target: `/a/x${round}/y` }];
        codes.push(run(root, { mounts, defaultMounts: false }).failure?.error.code);
      }
    }
    expect(readdirSync(outside)).toEqual([]);
    // Whatever was made was made on one of the two sides, both inside the root.
    const made = rounds.filter((round) => {
      const name = `x${round}`;
      return [join(root, 'a'), join(root, 'b'), inside].some((side) => existsSync(join(side, name)));
    });
    const succeeded = rounds.filter((round) => codes[round] === undefined);
    expect(made).toEqual(expect.arrayContaining(succeeded));
    expect(succeeded.length).toBeGreaterThan(0);
  });
});

/** A process that does nothing but exchange two names. */
function swap(scratch: Scratch, left: string, right: string): Disposable {
  const steps = [
    loop(
      call('renameat2', [AT.AT_FDCWD, cstr(left), AT.AT_FDCWD, cstr(right), RENAME.RENAME_EXCHANGE], {
        what: 'swap',
      }),
    ),
  ];
  const file = scratch.file('racer', '');
  writeFileSync(file, compile(program('racer', steps)).elf);
  chmodSync(file, 0o755);
  const pid = spawn(file, { argv: [file], fds: {} });
  return {
    [Symbol.dispose]: () => {
      kill(pid, SIG.SIGKILL);
      syscall('wait for the racer', 'wait4', pid, null, 0, null);
    },
  };
}
