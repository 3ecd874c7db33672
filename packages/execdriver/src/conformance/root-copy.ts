import {
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { isErrno } from '@ns/errors';

/** The users and groups of every case. */
const PASSWD = `root:x:0:0:root:/root:/bin/sh
app:x:1000:1001:App:/home/app:/bin/sh
`;
const GROUP = `root:x:0:
app:x:1001:
video:x:44:app
extra:x:60:
`;

/**
 * A copy of a root file system that one case may write to: directories and links of its own, files shared with the
 * original where hard links can be made.
 */
export function copyRoot(from: string, to: string): void {
  copyTree(from, to);
  mkdirSync(join(to, 'etc'), { recursive: true });
  writeAnew(join(to, 'etc/passwd'), PASSWD);
  writeAnew(join(to, 'etc/group'), GROUP);
}

/** Write a file of the copy, which may be the original's too, by another name. */
export function writeAnew(path: string, text: string, mode = 0o644): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode });
}

function copyTree(from: string, to: string): void {
  mkdirSync(to, { mode: lstatSync(from).mode & 0o7777 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isFile()) copyFile(source, target);
  }
}

function copyFile(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    // Another file system, too many links, or protected_hardlinks.
    if (!isErrno(error, 'EXDEV', 'EMLINK', 'EPERM')) throw error;
    copyFileSync(source, target);
  }
}
