import { AT } from '../uapi/fcntl.js';
import { MOUNT_ATTR_SIZE, MOVE_MOUNT, MS, OPEN_TREE } from '../uapi/mount.js';
import { MNT } from '../uapi/umount.js';
import { OwnedFd } from './fd.js';
import { type CallPurpose, syscall } from './native.js';

/** Where a path starts: a directory, or with an empty path the file itself. The working directory when absent. */
interface From {
  readonly dirFd?: number | undefined;
}

const emptyPath = (path: string): number => (path === '' ? AT.AT_EMPTY_PATH : 0);

/**
 * A descriptor of a mounted tree, without copying it: for {@link moveMount} and {@link setMountAttributes}. See
 * open_tree(2), Linux 5.2.
 *
 * @param path - Symbolic links at its end are not followed. Empty means `dirFd` itself.
 */
export function openTree(path: string, from: From = {}): OwnedFd {
  const flags = OPEN_TREE.OPEN_TREE_CLOEXEC | AT.AT_SYMLINK_NOFOLLOW | emptyPath(path);
  return new OwnedFd(
    syscall(
      { what: `open the mount tree at ${path}`, path },
      'open_tree',
      from.dirFd ?? AT.AT_FDCWD,
      path,
      flags,
    ),
  );
}

/**
 * A detached copy of the tree at a path: what a bind mount is made of. See open_tree(2), `OPEN_TREE_CLONE`, Linux 5.2.
 *
 * @remarks
 * Attached by {@link moveMount}. Closing the descriptor before that unmounts the copy.
 *
 * @param from - `recursive` takes the mounts below the path along.
 * @throws SyscallError EPERM without CAP_SYS_ADMIN over the mount namespace; EINVAL for a path whose mount is unbindable
 * or belongs to another mount namespace.
 */
export function cloneTree(
  path: string,
  from: From & { readonly recursive?: boolean | undefined } = {},
): OwnedFd {
  const flags =
    OPEN_TREE.OPEN_TREE_CLONE |
    OPEN_TREE.OPEN_TREE_CLOEXEC |
    emptyPath(path) |
    (from.recursive === true ? AT.AT_RECURSIVE : 0);
  const purpose: CallPurpose = { what: `clone the mount tree at ${path}`, path };
  return new OwnedFd(syscall(purpose, 'open_tree', from.dirFd ?? AT.AT_FDCWD, path, flags));
}

/** Where {@link moveMount} puts a tree. */
export interface MountTarget extends From {
  /** Empty means `dirFd` itself. */
  readonly path: string;
  /** Put it under the top mount, which keeps hiding it. Linux 6.5. */
  readonly beneath?: boolean | undefined;
}

/**
 * Attach a detached tree, or move an attached one. See move_mount(2), Linux 5.2.
 *
 * @param treeFd - From {@link cloneTree}, {@link openTree} or `fsmount`.
 * @throws SyscallError EINVAL when a shared mount is in the way or the target is in another mount namespace; ENOTDIR for
 * a file over a directory or the reverse; ELOOP for a mount into itself.
 */
export function moveMount(treeFd: number, target: MountTarget): void {
  const { path, dirFd = AT.AT_FDCWD, beneath = false } = target;
  const flags =
    MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH |
    (path === '' ? MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH : 0) |
    (beneath ? MOVE_MOUNT.MOVE_MOUNT_BENEATH : 0);
  syscall({ what: `attach a mount at ${path}`, path }, 'move_mount', treeFd, '', dirFd, path, flags);
}

/** How mounts are changed: `struct mount_attr`. */
export interface MountAttributes extends From {
  /** `MOUNT_ATTR_*` to set. */
  readonly set?: number | undefined;
  /** `MOUNT_ATTR_*` to clear first. `MOUNT_ATTR__ATIME` has to be cleared to set an access-time mode. */
  readonly clear?: number | undefined;
  /** How mounts and unmounts spread from here. */
  readonly propagation?: 'private' | 'shared' | 'slave' | 'unbindable' | undefined;
  /** A user namespace whose id maps the mount gets, with `MOUNT_ATTR_IDMAP` in {@link set}. Linux 5.12. */
  readonly usernsFd?: number | undefined;
  /** The whole tree, all or nothing. */
  readonly recursive?: boolean | undefined;
}

const PROPAGATION = {
  private: MS.MS_PRIVATE,
  shared: MS.MS_SHARED,
  slave: MS.MS_SLAVE,
  unbindable: MS.MS_UNBINDABLE,
} as const;

/**
 * Change the attributes of a mount or a tree. See mount_setattr(2), Linux 5.12.
 *
 * @param path - A mount point. Empty means `dirFd` itself.
 * @throws SyscallError EINVAL when the path is no mount point, or the file system knows no id maps; EPERM for clearing
 * an attribute that another user namespace locked; ENOSYS before Linux 5.12.
 */
export function setMountAttributes(path: string, attributes: MountAttributes): void {
  const {
    dirFd = AT.AT_FDCWD,
    set = 0,
    clear = 0,
    propagation,
    usernsFd = 0,
    recursive = false,
  } = attributes;
  const buffer = Buffer.alloc(MOUNT_ATTR_SIZE.MOUNT_ATTR_SIZE_VER0);
  const values = [set, clear, propagation === undefined ? 0 : PROPAGATION[propagation], usernsFd];
  for (const [index, value] of values.entries()) buffer.writeBigUInt64LE(BigInt(value), index * 8);
  const flags = emptyPath(path) | (recursive ? AT.AT_RECURSIVE : 0);
  const purpose: CallPurpose = { what: `change the mount attributes of ${path}`, path };
  syscall(purpose, 'mount_setattr', dirFd, path, flags, buffer, buffer.length);
}

/**
 * Unmount what is mounted at a path. See umount2(2).
 *
 * @param options - `detach`: hide it at once, free it when nobody uses it any more (`MNT_DETACH`). Symbolic links at the
 * end of the path are not followed.
 * @throws SyscallError EBUSY when it is in use; EINVAL when nothing is mounted there.
 */
export function unmount(path: string, options: { readonly detach?: boolean | undefined } = {}): void {
  const flags = MNT.UMOUNT_NOFOLLOW | (options.detach === true ? MNT.MNT_DETACH : 0);
  syscall({ what: `unmount ${path}`, path }, 'umount2', path, flags);
}
