import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { which } from '@ns/testing';

/** Make a root file system that is busybox and the few files of /etc that users need. */
export function makeBusybox(root: string): string {
  const busybox = which('busybox') ?? '/bin/busybox';
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  copyFileSync(busybox, join(root, 'bin/busybox'));
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nuser:x:1000:\n');
  return root;
}

/** Pack a directory as `docker import` takes it. @returns The archive. */
export function pack(root: string, archive: string): string {
  execFileSync('tar', ['-C', root, '-cf', archive, '.']);
  return archive;
}
