import { AT, ERRNO, syscall } from '@ns/syscall';

/** Make a directory of a cgroup. False when there is one. `undefined` when its parent is missing. */
export function makeDirectory(path: string): boolean | undefined {
  const purpose = {
    what: `create cgroup ${path}`,
    path,
    expected: [ERRNO.EEXIST, ERRNO.ENOENT],
    hints: {
      EACCES: 'the parent belongs to another user: see "delegation" in the README',
      EAGAIN: 'cgroup.max.descendants or cgroup.max.depth of a group above is reached',
      ENOSPC: 'the kernel has no number left for another cgroup: remove old ones',
      ENOMEM: 'the kernel has 65535 memory cgroups at most: remove old ones',
      EROFS: 'cgroups are mounted read-only here',
    },
  };
  const result = syscall(purpose, 'mkdirat', AT.AT_FDCWD, path, 0o755);
  return result === 0 ? true : result === -ERRNO.EEXIST ? false : undefined;
}

/** What {@link removeDirectory} found. */
export type Removal = 'gone' | 'busy';

/** Remove a directory of a cgroup. */
export function removeDirectory(path: string): Removal {
  const purpose = {
    what: `remove cgroup ${path}`,
    path,
    expected: [ERRNO.ENOENT, ERRNO.EBUSY, ERRNO.ENOTEMPTY],
  };
  const result = syscall(purpose, 'unlinkat', AT.AT_FDCWD, path, AT.AT_REMOVEDIR);
  return result === 0 || result === -ERRNO.ENOENT ? 'gone' : 'busy';
}
