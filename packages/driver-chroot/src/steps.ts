import { openTarget } from '@ns/namespaces';
import {
  AT,
  call,
  CLONE,
  cstr,
  group,
  MOVE_MOUNT,
  O,
  OPEN_TREE,
  slot,
  type Operand,
  type Step,
} from '@ns/syscall';

/** What a program finds of the host in its root directory, as everybody who uses chroot(8) binds it there. */
const HOST_DIRECTORIES = ['/dev', '/proc', '/sys'] as const;

/**
 * Change to a root directory, on which a root is attached in the mount namespace of this process.
 *
 * @param bindsHost - Bind the host's `/dev`, `/proc` and `/sys` there.
 */
export function goToRoot(path: string, bindsHost: boolean): Step[] {
  const root = slot('root');
  return [
    call('openat', [AT.AT_FDCWD, cstr(path), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
      what: 'open the root',
      object: path,
      into: root,
    }),
    ...(bindsHost ? HOST_DIRECTORIES.flatMap((directory) => bindHost(directory, root)) : []),
    changeRoot(root),
  ];
}

/** With all that is mounted below. Not through links of the image. */
function bindHost(path: string, root: Operand): Step[] {
  const tree = slot(`copy of ${path}`);
  const target = slot(`mount point ${path}`);
  const flags = OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | AT.AT_RECURSIVE;
  const what = `bind ${path} of the host`;
  return [
    group(
      path,
      call('open_tree', [AT.AT_FDCWD, cstr(path), flags], { what, object: path, into: tree }),
      openTarget({ rootFd: root, path, kind: 'directory', what: `find or make ${path}`, into: target }),
      call(
        'move_mount',
        [
          tree,
          cstr(''),
          target,
          cstr(''),
          MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH,
        ],
        { what, object: path },
      ),
    ),
  ];
}

/** Become a process of a container that runs: its mount namespace, and its root directory. */
export function enterRoot(pid: number): Step[] {
  const root = slot('root');
  const mounts = slot('mount namespace');
  const hints = { ENOENT: 'the container has ended in the meantime' };
  return [
    call('openat', [AT.AT_FDCWD, cstr(`/proc/${pid}/root`), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
      what: 'open the root of the container',
      into: root,
      hints,
    }),
    call('openat', [AT.AT_FDCWD, cstr(`/proc/${pid}/ns/mnt`), O.O_RDONLY | O.O_CLOEXEC, 0], {
      what: 'open the mount namespace of the container',
      into: mounts,
      hints,
    }),
    call('setns', [mounts, CLONE.CLONE_NEWNS], { what: 'enter the mount namespace of the container' }),
    changeRoot(root),
  ];
}

const changeRoot = (root: Operand): Step =>
  group(
    'change the root directory',
    call('fchdir', [root], { what: 'go to the root' }),
    call('chroot', [cstr('.')], { what: 'change the root directory' }),
    call('chdir', [cstr('/')], { what: 'go to the new root' }),
  );
