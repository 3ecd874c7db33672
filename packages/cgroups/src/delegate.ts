import { readFileSync } from 'node:fs';

import { AT, ERRNO, syscall } from '@ns/syscall';

/** Who a group is given to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

let delegated: readonly string[] | undefined;

/** The files of version 2 that go with a directory. The kernel says which, since 4.15. */
function delegatedFiles(): readonly string[] {
  delegated ??= readList() ?? ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'];
  return delegated;
}

function readList(): string[] | undefined {
  try {
    return readFileSync('/sys/kernel/cgroup/delegate', 'utf8').trim().split('\n');
  } catch {
    return undefined;
  }
}

/**
 * Give a cgroup's directory to a user, with the files by which processes are moved; its limits stay root's.
 *
 * @throws SyscallError EPERM without CAP_CHOWN.
 */
export function delegate(directory: string, version: 1 | 2, { uid, gid }: Owner): void {
  const files = version === 2 ? delegatedFiles() : ['cgroup.procs', 'tasks'];
  for (const path of [directory, ...files.map((file) => `${directory}/${file}`)]) {
    const purpose = { what: `give ${path} to user ${uid}, group ${gid}`, path, expected: [ERRNO.ENOENT] };
    syscall(purpose, 'fchownat', AT.AT_FDCWD, path, uid, gid, AT.AT_SYMLINK_NOFOLLOW);
  }
}
