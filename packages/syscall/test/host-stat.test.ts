import { lstatSync, mkdtempSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  fstatfs,
  getWindowSize,
  O,
  openat2,
  openPath,
  OwnedFd,
  S,
  setWindowSize,
  statx,
  syscall,
  TIO,
} from '../src/index.js';
import { expectNoLeaks } from './descriptors.js';

describe('what the kernel knows of files', needs('linux'), () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ns-stat-'));
    symlinkSync('/dev/null', join(folder, 'link'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  expectNoLeaks();

  test.each(['/dev/null', '/bin/sh', '/', '/proc/self', 'link'])('statx %s as lstat does', (name) => {
    const path = name === 'link' ? join(folder, name) : name;
    const ours = statx(path);
    const theirs = lstatSync(path, { bigint: true });
    expect({
      mode: BigInt(ours.mode),
      uid: BigInt(ours.uid),
      gid: BigInt(ours.gid),
      nlink: BigInt(ours.links),
      ino: ours.inode,
      size: ours.sizeBytes,
      blocks: ours.blocks,
      blksize: BigInt(ours.blockSizeBytes),
      rdev: BigInt(ours.deviceOfNode),
      dev: BigInt(ours.device),
      mtimeNs: ours.modifyTime.seconds * 1_000_000_000n + BigInt(ours.modifyTime.nanoseconds),
      ctimeNs: ours.changeTime.seconds * 1_000_000_000n + BigInt(ours.changeTime.nanoseconds),
    }).toEqual({
      mode: theirs.mode,
      uid: theirs.uid,
      gid: theirs.gid,
      nlink: theirs.nlink,
      ino: theirs.ino,
      size: theirs.size,
      blocks: theirs.blocks,
      blksize: theirs.blksize,
      rdev: theirs.rdev,
      dev: theirs.dev,
      mtimeNs: theirs.mtimeNs,
      ctimeNs: theirs.ctimeNs,
    });
  });

  test('statx of a descriptor itself', () => {
    using link = openPath(join(folder, 'link'), { flags: O.O_NOFOLLOW });
    expect(statx('', { dirFd: link.fd }).mode & S.S_IFMT).toBe(S.S_IFLNK);
  });

  test('fstatfs says what statfs says', () => {
    using file = openPath(folder);
    const { type, blockSizeBytes, blocks, inodes } = fstatfs(file.fd);
    const theirs = statfsSync(folder, { bigint: true });
    expect({ type: BigInt(type), bsize: BigInt(blockSizeBytes), blocks, files: inodes }).toEqual({
      type: theirs.type,
      bsize: theirs.bsize,
      blocks: theirs.blocks,
      files: theirs.files,
    });
  });

  test('both ends of a terminal have one window size', () => {
    using main = openat2('/dev/ptmx', { flags: O.O_RDWR | O.O_NOCTTY });
    syscall('unlock the terminal', 'ioctl', main.fd, TIO.TIOCSPTLCK, Buffer.alloc(4));
    const flags = O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC;
    using peer = new OwnedFd(syscall('open the other end', 'ioctl', main.fd, TIO.TIOCGPTPEER, flags));
    setWindowSize(main.fd, { rows: 43, columns: 132 });
    expect(getWindowSize(peer.fd)).toEqual({ rows: 43, columns: 132 });
    expect(() => setWindowSize(main.fd, { rows: 70_000, columns: 1 })).toThrow(RangeError);
    using file = openat2('/dev/null', { flags: O.O_RDONLY });
    expect(() => getWindowSize(file.fd)).toThrow(
      `get the window size of terminal ${file.fd}: ENOTTY (Inappropriate ioctl for device)`,
    );
  });
});
