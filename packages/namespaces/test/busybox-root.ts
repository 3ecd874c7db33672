import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { which } from '@ns/testing';

/** What the tests' shell scripts use. */
const APPLETS = [
  'awk',
  'cat',
  'chmod',
  'df',
  'dmesg',
  'echo',
  'find',
  'grep',
  'head',
  'hostname',
  'id',
  'ifconfig',
  'kill',
  'ls',
  'mkdir',
  'mknod',
  'mount',
  'ping',
  'ps',
  'pwd',
  'readlink',
  'rm',
  'rmdir',
  'sh',
  'sleep',
  'stat',
  'stty',
  'sysctl',
  'test',
  'touch',
  'tr',
  'true',
  'tty',
  'umount',
  'uname',
];

/** A directory that is removed at the end of its block. */
export class Scratch implements Disposable {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'ns-namespaces-'));
  }

  /** A directory in it. */
  directory(name: string): string {
    const path = join(this.path, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A file in it. */
  file(name: string, content: string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  /** A root file system with busybox, and the usual empty directories unless `bare`. */
  root(name = 'root', options: { readonly bare?: boolean } = {}): string {
    const { bare = false } = options;
    const root = this.directory(name);
    for (const folder of ['bin', 'etc', ...(bare ? [] : ['proc', 'dev', 'sys', 'tmp'])]) {
      mkdirSync(join(root, folder));
    }
    copyFileSync(which('busybox')!, join(root, 'bin/busybox'));
    for (const applet of APPLETS) symlinkSync('busybox', join(root, 'bin', applet));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    return root;
  }

  /** @throws when something is still mounted in it: then it must not be removed. */
  [Symbol.dispose](): void {
    if (readFileSync('/proc/self/mountinfo', 'utf8').includes(this.path)) {
      throw new Error(`a mount was left in ${this.path}`);
    }
    rmSync(this.path, { recursive: true, force: true });
  }
}
