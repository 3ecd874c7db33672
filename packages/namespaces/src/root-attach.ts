import { AT, MNT, MOUNT_ATTR, MOUNT_ATTR_SIZE, MOVE_MOUNT, MS, O } from '@ns/syscall';
import { call, cstr, group, on, slot, struct } from '@ns/syscall';
import type { Operand, Slot, Step } from '@ns/syscall';

import { invalid } from './invalid.js';
import { copyTree, msFlags, setMount } from './mount-attach.js';
import { overlayData } from './overlay.js';
import type { ChildRoot, TmpfsUpper } from './rootfs.js';

const ROOT = cstr('/');
const HERE = cstr('.');
const NONE = cstr('');

/** The root as the rest of the program knows it. */
export interface AttachedRoot {
  readonly steps: readonly Step[];
  /** A descriptor of the root directory, until the program is executed. */
  readonly rootFd: Operand;
}

/**
 * First fragment of the container's first process: attach its root, so that mounts can be made on it.
 *
 * @remarks
 * The process has a mount namespace of its own, a copy of the host's. All of it becomes a slave of the host's, so that
 * nothing spreads to the host, and a mount that the host gives up is not held here. Then the root is attached on top of
 * `/`, in this namespace only. Paths go on to mean the host's: a lookup begins below what is stacked on the root. So no
 * directory is needed that exists on the host and that the root of a user namespace can reach.
 *
 * Sets the umask to 0: modes in later fragments are exact. The program's own umask is set at the end.
 *
 * @param options.root - The number of the descriptor that {@link prepareRoot} made, or what it left to the child.
 * @param options.at - Only for an overlay that is left to the child, which mount(2) can only put on a directory: one of the
 * host that the child can reach.
 * @param options.propagation - Of the host's mounts in this namespace. Default `MS_SLAVE`.
 * @param options.on - A directory of the host to attach it on instead of `/`, for others who look for it there: hooks of
 * an OCI bundle enter this mount namespace before the root is changed. The creator's own ids must reach it.
 */
export function attachRoot(options: {
  readonly root: number | ChildRoot;
  readonly at?: string | undefined;
  readonly propagation?: 'MS_SLAVE' | 'MS_PRIVATE';
  readonly on?: string | undefined;
}): AttachedRoot {
  const { root, at = '/', propagation = 'MS_SLAVE', on: place = '/' } = options;
  const first = [
    call('umask', [0], { what: 'create files with the exact modes that follow' }),
    call('mount', [NONE, ROOT, NONE, MS[propagation] | MS.MS_REC, 0], {
      what: 'keep mounts from spreading to the host',
      object: '/',
    }),
  ];
  if (typeof root === 'number') {
    return { steps: [group('root file system', first, attachOnTop(root, place))], rootFd: root };
  }
  const rootFd = slot('root');
  const mounts =
    root.kind === 'directory' ? bindDirectory(root, place, rootFd) : mountOverlay(root, at, rootFd);
  return { steps: [group('root file system', first, mounts)], rootFd };
}

const attachOnTop = (mount: Operand, place: string): Step =>
  call('move_mount', [mount, NONE, AT.AT_FDCWD, cstr(place), MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH], {
    what: 'attach the root',
    object: place,
  });

function bindDirectory(root: ChildRoot & { kind: 'directory' }, place: string, into: Slot): readonly Step[] {
  const { path, readonly } = root;
  return [
    copyTree({ path, recursive: true, what: `bind ${path} as the root`, into }),
    attachOnTop(into, place),
    setMount({
      mount: into,
      change: {
        propagation: 'MS_PRIVATE',
        recursive: true,
        attributes: readonly ? MOUNT_ATTR.MOUNT_ATTR_RDONLY : 0,
      },
      what: readonly ? 'make the root private and read-only' : 'make the root private',
    }),
  ];
}

/** Where layers get short names when their paths do not fit: above the descriptors of a program, below 1024. */
const FIRST_LAYER_FD = 300;

function mountOverlay(root: ChildRoot & { kind: 'overlay' }, at: string, into: Slot): readonly Step[] {
  const { lower, userxattr, tmpfs } = root;
  if (at === '/') {
    throw invalid('root', 'an overlay that the child mounts needs a directory to be mounted on', {
      hint: 'give `at`, an empty directory of the host',
    });
  }
  const upper = tmpfs ? `${at}/upper` : root.upper;
  const work = tmpfs ? `${at}/work` : root.work;
  const full = overlayData({ lower, upper, work, userxattr });
  const numbers = lower.map((_, index) => String(FIRST_LAYER_FD + index));
  const data = full ?? overlayData({ lower: numbers, upper, work, userxattr });
  if (data === undefined) {
    throw invalid('root', 'the paths of upper and work are together longer than the kernel takes', {
      hint: 'use shorter paths',
    });
  }
  const what = 'mount the overlay root';
  return [
    ...(tmpfs ? mountTmpfs(tmpfs, at) : []),
    ...(full === undefined ? openLayers(lower) : []),
    call('mount', [cstr('overlay'), cstr(at), cstr('overlay'), 0, cstr(data)], {
      what,
      object: at,
      hints: {
        ENODEV: 'the kernel has no overlay file system: load the module "overlay"',
        EACCES: `the container's root user must be able to reach ${at} and the layers`,
        EPERM: 'a user namespace may mount overlays from kernel 5.11 on',
        ELOOP: 'upper lies in a lower directory, or the reverse: put it on another file system',
        EINVAL:
          'upper and work must be different directories of one mount, on a file system with d_type and extended attributes; the kernel log has the reason',
      },
    }),
    call('openat', [AT.AT_FDCWD, cstr(at), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
      what: 'open the root',
      object: at,
      into,
    }),
    ...(full === undefined ? [call('chdir', [ROOT], { what: 'leave the directory of layers' })] : []),
  ];
}

function mountTmpfs({ sizeBytes, mode, uid, gid }: TmpfsUpper, at: string): readonly Step[] {
  const size = sizeBytes === undefined ? '' : `,size=${sizeBytes}`;
  const make = (name: string, what: string): Step =>
    call('mkdirat', [AT.AT_FDCWD, cstr(`${at}/${name}`), 0o700], { what, object: `${at}/${name}` });
  const upper = cstr(`${at}/upper`);
  return [
    call('mount', [cstr('upper'), cstr(at), cstr('tmpfs'), 0, cstr(`mode=0700${size}`)], {
      what: `mount a tmpfs on ${at} for what the container writes`,
      object: at,
    }),
    make('upper', 'make the upper directory'),
    make('work', 'make the work directory'),
    // An id without a place in the user namespace stays root's.
    call('fchownat', [AT.AT_FDCWD, upper, uid, gid, 0], {
      what: 'set the owner of the root',
      tolerate: ['EINVAL'],
    }),
    call('fchmodat', [AT.AT_FDCWD, upper, mode], { what: 'set the mode of the root' }),
  ];
}

/** Give each layer a descriptor with a known number, and stand where these are file names. */
function openLayers(lower: readonly string[]): readonly Step[] {
  const layer = slot('layer');
  return [
    ...lower.flatMap((path, index) => [
      call('openat', [AT.AT_FDCWD, cstr(path), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
        what: `open layer ${path}`,
        object: path,
        into: layer,
      }),
      call('dup3', [layer, FIRST_LAYER_FD + index, O.O_CLOEXEC], {
        what: `name layer ${path} ${FIRST_LAYER_FD + index}`,
        hints: { EBADF: 'raise RLIMIT_NOFILE to 1024 or more' },
      }),
      call('close', [layer], { what: `close layer ${path}` }),
    ]),
    call('chdir', [cstr('/proc/self/fd')], {
      what: 'go where layers have short names',
      object: '/proc/self/fd',
    }),
  ];
}

/**
 * Make the attached root the root of the mount namespace, and let go of the host's.
 *
 * @remarks
 * pivot_root(2) with both arguments the working directory: the old root ends up on top of the new one, from where it is
 * unmounted, and no directory in the image is needed for it. Afterwards no path leads to the host.
 */
export function pivotRoot(options: { readonly rootFd: Operand }): readonly Step[] {
  return [
    group(
      'pivot into the root',
      call('fchdir', [options.rootFd], { what: 'go to the root' }),
      call('pivot_root', [HERE, HERE], {
        what: 'make it the root of the mount namespace',
        hints: { EINVAL: 'the machine runs from its initial ramdisk (rootfs), which cannot be pivoted away' },
      }),
      call('umount2', [HERE, MNT.MNT_DETACH], { what: "let go of the host's root" }),
      call('chdir', [ROOT], { what: 'go to the new root' }),
    ),
  ];
}

/**
 * Make the root mount itself read-only; mounts on it keep their mode.
 *
 * @remarks
 * After {@link pivotRoot}, and after everything that creates mount points. mount_setattr(2); before kernel 5.12
 * mount(2).
 */
export function readonlyRoot(): readonly Step[] {
  const what = 'make the root read-only';
  const attributes = MOUNT_ATTR.MOUNT_ATTR_RDONLY;
  const attr = struct([
    ['attr_set', 8, attributes, 'MOUNT_ATTR_RDONLY'],
    ['attr_clr', 8, 0],
    ['propagation', 8, 0],
    ['userns_fd', 8, 0],
  ]);
  const flags = MS.MS_REMOUNT | MS.MS_BIND | msFlags(attributes);
  return [
    call('mount_setattr', [AT.AT_FDCWD, ROOT, 0, attr, MOUNT_ATTR_SIZE.MOUNT_ATTR_SIZE_VER0], {
      what,
      object: '/',
      on: [on(['ENOSYS'], call('mount', [NONE, ROOT, NONE, flags, 0], { what, object: '/' }))],
    }),
  ];
}
