import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  CLONE,
  cloneTree,
  createMount,
  fsconfig,
  fsopen,
  fstatfs,
  MAGIC,
  MOUNT_ATTR,
  moveMount,
  openPath,
  openTree,
  setMountAttributes,
  statx,
  syscall,
  unmount,
} from '../src/index.js';
import { expectNoLeaks, isCloexec } from './descriptors.js';

const mountsUnder = (folder: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(folder));

describe('mounts', needs('linux', 'root'), () => {
  let folder = '';
  let at = '';
  beforeAll(() => {
    // This test file has a process of its own: what it mounts is seen by nobody and gone with it.
    syscall('make the mounts of this process its own', 'unshare', CLONE.CLONE_NEWNS);
    setMountAttributes('/', { propagation: 'private', recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'ns-mount-'));
    at = join(folder, 'at');
    mkdirSync(at);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  expectNoLeaks();

  test('a new file system is mounted where it is put', () => {
    using tree = createMount('tmpfs', { size: '64k', mode: '0711' }, MOUNT_ATTR.MOUNT_ATTR_NOSUID);
    expect(isCloexec(tree.fd)).toBe(true);
    expect(mountsUnder(folder)).toEqual([]);
    moveMount(tree.fd, { path: at });
    expect(mountsUnder(folder)).toEqual([at]);
    using root = openPath(at);
    const { type, blocks, blockSizeBytes } = fstatfs(root.fd);
    expect(type).toBe(MAGIC.TMPFS_MAGIC);
    expect(blocks * BigInt(blockSizeBytes)).toBe(65_536n);
    expect(statx(at).mode & 0o777).toBe(0o711);
    expect(statx(at).mountId).not.toBe(statx(folder).mountId);
    root.close();
    tree.close();
    unmount(at);
    expect(mountsUnder(folder)).toEqual([]);
    expect(() => unmount(at)).toThrow(`unmount ${at}: EINVAL (Invalid argument)`);
  });

  test('a detached tree is gone with its descriptor', () => {
    const tree = createMount('tmpfs');
    writeFileSync(`/proc/self/fd/${tree.fd}/file`, 'x');
    expect(existsSync(`/proc/self/fd/${tree.fd}/file`)).toBe(true);
    const { fd } = tree;
    tree.close();
    expect(existsSync(`/proc/self/fd/${fd}/file`)).toBe(false);
  });

  test('the error has what the file system says', () => {
    using context = fsopen('tmpfs');
    expect(() => fsconfig(context.fd, 'size', 'abc')).toThrow(
      "set the file system parameter size=abc: EINVAL (Invalid argument: tmpfs: Bad value for 'size')",
    );
    expect(() => fsopen('nosuchfs')).toThrow('begin a nosuchfs file system: ENODEV (No such device)');
  });

  test('a read-only tree refuses to be written, and the original does not', () => {
    const source = join(folder, 'source');
    mkdirSync(source);
    using tree = cloneTree(source, { recursive: true });
    setMountAttributes('', { dirFd: tree.fd, set: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: true });
    moveMount(tree.fd, { path: at });
    tree.close();
    expect(() => writeFileSync(join(at, 'file'), 'x')).toThrow('EROFS');
    writeFileSync(join(source, 'file'), 'x');
    expect(readFileSync(join(at, 'file'), 'utf8')).toBe('x');
    setMountAttributes(at, { clear: MOUNT_ATTR.MOUNT_ATTR_RDONLY });
    writeFileSync(join(at, 'file'), 'y');
    unmount(at);
  });

  test('recursive copies take the mounts below along, others do not', () => {
    const inner = join(at, 'inner');
    using outer = createMount('tmpfs');
    moveMount(outer.fd, { path: at });
    mkdirSync(inner);
    using below = createMount('tmpfs');
    moveMount(below.fd, { path: inner });
    writeFileSync(join(inner, 'file'), 'x');
    using shallow = cloneTree(at);
    using deep = cloneTree(at, { recursive: true });
    expect(existsSync(`/proc/self/fd/${shallow.fd}/inner/file`)).toBe(false);
    expect(existsSync(`/proc/self/fd/${deep.fd}/inner/file`)).toBe(true);
    expect(() => unmount(at)).toThrow('EBUSY');
    unmount(at, { detach: true });
    expect(mountsUnder(folder)).toEqual([]);
  });

  test('an attached tree moves', () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    using tree = createMount('tmpfs');
    moveMount(tree.fd, { path: at });
    using attached = openTree(at);
    using target = openPath(other);
    moveMount(attached.fd, { path: '', dirFd: target.fd });
    expect(mountsUnder(folder)).toEqual([other]);
    unmount(other, { detach: true });
  });

  test('propagation is what mountinfo says', () => {
    using tree = createMount('tmpfs');
    moveMount(tree.fd, { path: at });
    const optional = (): string =>
      /^(?:\S+ ){6}(.*?)- /.exec(
        readFileSync('/proc/self/mountinfo', 'utf8')
          .split('\n')
          .find((line) => line.includes(` ${at} `)) ?? '',
      )?.[1] ?? '';
    expect(optional()).toBe('');
    setMountAttributes(at, { propagation: 'shared' });
    expect(optional()).toMatch(/^shared:\d+ $/);
    setMountAttributes(at, { propagation: 'unbindable' });
    expect(optional()).toBe('unbindable ');
    expect(() => cloneTree(at)).toThrow(`clone the mount tree at ${at}: EINVAL`);
    unmount(at, { detach: true });
  });
});
