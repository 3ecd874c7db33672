import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { prepareRoot, readonlyRoot, type ChildRoot, type RootSpec } from '../src/index.js';
import { Scratch } from './busybox-root.js';
import { containerProgram, runContainer, runProgram, without, type Outcome } from './container.js';

const able = needs('linux', 'root', 'busybox', 'overlayfs');
const MAP = [{ inside: 0, outside: 0, length: 65_536 }];

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

/** Run with the root as the container's first process mounts it. */
function runInChild(root: ChildRoot, script: string): Outcome {
  using scratch = new Scratch();
  const program = containerProgram({ root: '/', script }, root, scratch.directory('at'));
  return runProgram(program, { directory: scratch.path });
}

describe('a directory', able, () => {
  test('is the root, and writable', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    const { stdout } = runContainer({
      root,
      script: 'echo kept > /file; ls /; grep -c . /proc/self/mountinfo',
    });
    expect(stdout.split('\n').slice(0, -2)).toEqual(['bin', 'dev', 'etc', 'file', 'proc', 'sys', 'tmp']);
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('kept\n');
  });

  test('is a private mount with nothing of the host above it', () => {
    using scratch = new Scratch();
    const { stdout } = runContainer({
      root: scratch.root(),
      script: 'cat /proc/self/mountinfo',
    });
    const lines = stdout.trim().split('\n');
    expect(lines[0]!.split(' ')[4]).toBe('/');
    expect(lines.filter((line) => /shared:|master:/.test(line))).toEqual([]);
    expect(lines.every((line) => /^\/(proc|dev|sys|$)/.test(line.split(' ')[4]!))).toBe(true);
  });

  test('can be read-only, with its mounts as they were', () => {
    using scratch = new Scratch();
    const { stdout, stderr } = runContainer({
      root: scratch.root(),
      script: 'touch /file; touch /dev/shm/file && echo written',
      parts: () => ({ inside: readonlyRoot() }),
    });
    expect(stdout).toBe('written\n');
    expect(stderr).toContain('Read-only file system');
  });

  test('can be read-only on a kernel without mount_setattr', () => {
    using scratch = new Scratch();
    const { stderr, failure } = runContainer({
      root: scratch.root(),
      script: 'touch /file',
      parts: () => ({ inside: readonlyRoot() }),
      change: (program) => without(program, 'mount_setattr'),
    });
    expect(failure).toBeUndefined();
    expect(stderr).toContain('Read-only file system');
  });

  test('may be mounted by the child', () => {
    using scratch = new Scratch();
    const path = scratch.root();
    const { stdout } = runInChild({ kind: 'directory', path, readonly: false }, 'touch /file && ls /file');
    expect(stdout).toBe('/file\n');
    const sealed = runInChild({ kind: 'directory', path, readonly: true }, 'touch /other');
    expect(sealed.stderr).toContain('Read-only file system');
  });
});

describe('an overlay', able, () => {
  /** Two lower layers, of which the upper hides a file of the other. */
  function layers(scratch: Scratch): { lower: string[]; upper: string; work: string } {
    const base = scratch.root('base');
    const top = scratch.directory('top');
    scratch.file('base/etc/which', 'base');
    scratch.file('base/etc/only-base', 'base');
    mkdirSync(join(top, 'etc'));
    scratch.file('top/etc/which', 'top');
    // An overlay's upper layer must not be on an overlay or below a lower one: a tmpfs always serves.
    return { lower: [top, base], upper: scratch.directory('upper'), work: scratch.directory('work') };
  }
  const script =
    'cat /etc/which /etc/only-base; echo changed > /etc/which; cat /etc/which; rm /etc/only-base; ls /etc';

  test('has its layers topmost first, and changes in upper', () => {
    using scratch = new Scratch();
    const { lower, upper, work } = layers(scratch);
    const { stdout, failure } = runContainer({ root: { kind: 'overlay', lower, upper, work }, script });
    expect(failure).toBeUndefined();
    expect(stdout).toBe('topbasechanged\npasswd\nwhich\n');
    expect(readFileSync(join(upper, 'etc/which'), 'utf8')).toBe('changed\n');
    expect(readFileSync(join(lower[0]!, 'etc/which'), 'utf8')).toBe('top');
    expect(existsSync(join(lower[1]!, 'etc/only-base'))).toBe(true);
  });

  test('without upper is read-only', () => {
    using scratch = new Scratch();
    const { lower } = layers(scratch);
    const { stdout, stderr } = runContainer({
      root: { kind: 'overlay', lower },
      script: 'cat /etc/which; touch /x',
    });
    expect(stdout).toBe('top');
    expect(stderr).toContain('Read-only file system');
  });

  test('of one layer without upper is a read-only bind', () => {
    using scratch = new Scratch();
    const [, base] = layers(scratch).lower;
    const { stdout, stderr } = runContainer({
      root: { kind: 'overlay', lower: [base!] },
      script: 'grep -c "^overlay" /proc/mounts; touch /x',
    });
    expect(stdout).toBe('0\n');
    expect(stderr).toContain('Read-only file system');
  });

  test.each(['a,b', 'a:b', String.raw`a\b`, 'a b', 'ü'.repeat(100) + 'x'.repeat(40)])(
    'takes layers with the name %j',
    (name) => {
      using scratch = new Scratch();
      const { lower } = layers(scratch);
      const odd = scratch.directory(name);
      scratch.file(`${name}/odd`, 'odd');
      const [upper, work] = [scratch.directory(`${name}-upper`), scratch.directory(`${name}-work`)];
      const spec: RootSpec = { kind: 'overlay', lower: [odd, ...lower], upper, work };
      const told = runContainer({ root: spec, script: 'cat /odd /etc/which; touch /new' });
      expect(told.failure).toBeUndefined();
      expect(told.stdout).toBe('oddtop');
      expect(existsSync(join(upper, 'new'))).toBe(true);
      const child = runInChild({ ...spec, userxattr: false }, 'cat /odd /etc/which /new');
      expect(child.failure).toBeUndefined();
      expect(child.stdout).toBe('oddtop');
    },
  );

  test('takes 120 layers with long names, by either way', () => {
    using scratch = new Scratch();
    const { lower } = layers(scratch);
    const many = Array.from({ length: 120 }, (_, index) => {
      const name = `${String(index).padStart(3, '0')}-${'x'.repeat(60)}`;
      scratch.directory(name);
      scratch.file(`${name}/layer-${index}`, '');
      return join(scratch.path, name);
    });
    const spec: RootSpec = { kind: 'overlay', lower: [...many, ...lower] };
    const count = 'ls -d /layer-* | grep -c .; cat /etc/which; pwd';
    expect(runContainer({ root: spec, script: count }).stdout).toBe('120\ntop/\n');
    const child = runInChild({ ...spec, userxattr: false }, count);
    expect(child.failure).toBeUndefined();
    expect(child.stdout).toBe('120\ntop/\n');
  });

  test('can keep what is written in a tmpfs', () => {
    using scratch = new Scratch();
    const { lower } = layers(scratch);
    const options = {
      root: { kind: 'overlay', lower } as const,
      script: 'echo x > /etc/which && cat /etc/which; stat -c %a /',
    };
    const before = openDescriptors();
    expect(runContainer({ ...options, rootOptions: { tmpfsUpper: true } }).stdout).toBe('x\n755\n');
    const small = { tmpfsUpper: { sizeBytes: 64 * 1024 } };
    const full = runContainer({
      ...options,
      rootOptions: small,
      script: 'head -c 1000000 /dev/zero > /big; stat -c %s /big',
    });
    expect(Number(full.stdout)).toBeLessThanOrEqual(64 * 1024);
    expect(readFileSync(join(lower[0]!, 'etc/which'), 'utf8')).toBe('top');
    expect(openDescriptors()).toBe(before);
    const tmpfs = { sizeBytes: undefined, mode: 0o750, uid: 7, gid: 8 };
    const child = runInChild(
      { kind: 'overlay', lower, tmpfs, userxattr: false },
      'touch /new && stat -c "%a %u %g" /; cat /etc/which',
    );
    expect(child.failure).toBeUndefined();
    expect(child.stdout).toBe('750 7 8\ntop');
  });

  test("can have the machine's own root as its layer", () => {
    const name = `ns-was-here-${process.pid}`;
    const { stdout, failure } = runContainer({
      root: { kind: 'overlay', lower: ['/'] },
      rootOptions: { tmpfsUpper: true },
      script: `touch /${name} && ls /${name} && ls /proc | grep -c "^1$"`.replaceAll('ls', '/bin/busybox ls'),
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe(`/${name}\n1\n`);
    expect(existsSync(`/${name}`)).toBe(false);
  });

  test('is mounted in a user namespace by the child', () => {
    using scratch = new Scratch();
    const { lower, upper, work } = layers(scratch);
    const { stdout, failure } = runContainer({
      root: { kind: 'overlay', lower, upper, work },
      rootOptions: { privileged: false },
      namespaces: { user: 'new' },
      uidMap: MAP,
      gidMap: MAP,
      script: 'grep "^overlay / " /proc/mounts | grep -c userxattr; rm /etc/only-base; ls /etc',
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe('1\npasswd\nwhich\n');
    expect(statSync(join(upper, 'etc/only-base')).isCharacterDevice()).toBe(true);
  });
});

describe('a root that cannot be', able, () => {
  const refusal = (spec: RootSpec, tmpfsUpper = false): unknown => {
    const before = openDescriptors();
    try {
      prepareRoot(spec, { tmpfsUpper })[Symbol.dispose]();
      return undefined;
    } catch (error) {
      return error;
    } finally {
      expect(openDescriptors()).toBe(before);
    }
  };

  test.each<[string, (scratch: Scratch) => RootSpec, string, RegExp]>([
    [
      'a missing directory',
      (scratch) => ({ kind: 'directory', path: `${scratch.path}/none` }),
      'ERR_NS_NOT_FOUND',
      /does not exist$/,
    ],
    [
      'a file',
      (scratch) => ({ kind: 'directory', path: scratch.file('f', '') }),
      'ERR_NS_INVALID_ARGUMENT',
      /is not a directory$/,
    ],
    [
      'a path below a file',
      (scratch) => ({ kind: 'directory', path: `${scratch.file('f', '')}/x` }),
      'ERR_NS_NOT_FOUND',
      /does not exist$/,
    ],
    ['an empty path', () => ({ kind: 'directory', path: '' }), 'ERR_NS_INVALID_ARGUMENT', /a path is empty$/],
    [
      'a loop of links',
      (scratch) => {
        symlinkSync('loop', join(scratch.path, 'loop'));
        return { kind: 'directory', path: join(scratch.path, 'loop') };
      },
      'ERR_NS_INVALID_ARGUMENT',
      /cannot be reached \(ELOOP\)$/,
    ],
    [
      'a relative path',
      () => ({ kind: 'directory', path: 'root' }),
      'ERR_NS_INVALID_ARGUMENT',
      /is not absolute$/,
    ],
    [
      'a path with a NUL',
      () => ({ kind: 'directory', path: '/a\0b' }),
      'ERR_NS_INVALID_ARGUMENT',
      /holds a NUL$/,
    ],
    ['no layer', () => ({ kind: 'overlay', lower: [] }), 'ERR_NS_INVALID_ARGUMENT', /at least one lower/],
    [
      'a missing layer',
      (scratch) => ({ kind: 'overlay', lower: [scratch.path, '/no/such'] }),
      'ERR_NS_NOT_FOUND',
      /\/no\/such does not exist$/,
    ],
    [
      'an upper without work',
      (scratch) => ({ kind: 'overlay', lower: [scratch.path], upper: scratch.path }),
      'ERR_NS_INVALID_ARGUMENT',
      /both an upper and a work/,
    ],
    [
      'a lower below an upper',
      (scratch) => ({
        kind: 'overlay',
        lower: [scratch.directory('u/l')],
        upper: scratch.directory('u'),
        work: scratch.directory('w'),
      }),
      'ERR_NS_INVALID_ARGUMENT',
      /the directories of the overlay overlap: .*\/u\/l and .*\/u$/,
    ],
    [
      'upper and work in one',
      (scratch) => ({
        kind: 'overlay',
        lower: [scratch.directory('l')],
        upper: scratch.directory('u'),
        work: scratch.directory('u'),
      }),
      'ERR_NS_INVALID_ARGUMENT',
      /lie in one another$/,
    ],
  ])('%s', (_, spec, code, message) => {
    using scratch = new Scratch();
    expect(refusal(spec(scratch))).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test('an upper and a tmpfs for it', () => {
    using scratch = new Scratch();
    const [upper, work] = [scratch.directory('u'), scratch.directory('w')];
    expect(refusal({ kind: 'overlay', lower: [scratch.path], upper, work }, true)).toMatchObject({
      code: 'ERR_NS_INVALID_ARGUMENT',
    });
  });

  test('read-only and without the mount points', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    rmdirSync(join(root, 'proc'));
    const { failure } = runContainer({ root: { kind: 'overlay', lower: [root] }, script: 'true' });
    expect(failure?.error).toMatchObject({ code: 'EROFS', path: '/proc' });
    expect(failure?.error.hint).toContain('create it in the image');
  });

  test('a symbolic link to a directory is followed: host paths are trusted', () => {
    using scratch = new Scratch();
    symlinkSync(scratch.root(), join(scratch.path, 'link'));
    expect(runContainer({ root: join(scratch.path, 'link'), script: 'echo $0' }).stdout).toBe('sh\n');
  });
});
