import {
  AT,
  MAGIC,
  MOUNT_ATTR,
  MOUNT_ATTR_SIZE,
  STATFS_SIZE,
  call,
  cstr,
  fail,
  group,
  load,
} from '@ns/syscall';
import { scratch, slot, store, struct, when } from '@ns/syscall';
import type { Operand, Slot, Step } from '@ns/syscall';

import { attach, copyTree, newMount, setMount, type MountChange } from './mount-attach.js';
import { mayCoverProc, type BindSpec, type PlannedMount, type TmpfsSpec } from './mount-plan.js';
import type { IdMapping } from './spec.js';
import { openTarget } from './target.js';
import { makeUserNamespace } from './user-namespace.js';

/** The two halves of user mounts. */
export interface UserMounts {
  /** For the monitor, before clone3(2). */
  readonly host: readonly Step[];
  /** For the container's first process, after its default mounts. */
  readonly init: readonly Step[];
}

/**
 * The mounts that a user asked for.
 *
 * @remarks
 * Sources are opened in the monitor, by their paths on the host, so that a shared source stays a peer of what the host
 * has there. The child only attaches them, on mount points that are found and made below the root's descriptor. Each
 * mount point is looked at before something is put on it: a link in the image may lead to procfs, which is refused.
 *
 * @param options.mounts - From {@link planMounts}.
 * @param options.privileged - Whether the monitor may copy mounts of the host (CAP_SYS_ADMIN). Otherwise the child does
 * it in its user namespace; propagation to the host and id maps are not possible then. Default true.
 */
export function userMounts(options: {
  readonly mounts: readonly PlannedMount[];
  readonly rootFd: Operand;
  readonly privileged?: boolean;
}): UserMounts {
  const { mounts, rootFd, privileged = true } = options;
  const host: Step[] = [];
  const init: Step[] = [];
  for (const { spec, target, kind } of mounts) {
    const mount = slot(`mount for ${target}`);
    const opening = spec.type === 'bind' ? openSource(spec, target, mount) : openTmpfs(spec, target, mount);
    (spec.type === 'bind' && privileged ? host : init).push(...opening);
    init.push(...attachInside({ rootFd, target, kind, mount }), ...changes(spec, target, mount));
  }
  return {
    host: host.length > 0 ? [group('sources of mounts', host)] : [],
    init: init.length > 0 ? [group('mounts', init)] : [],
  };
}

function openSource(spec: BindSpec, target: string, into: Slot): readonly Step[] {
  const { source, recursive = true, idMap } = spec;
  const open = copyTree({
    path: source,
    recursive,
    what: `open ${source} to bind it on ${target}`,
    hints: { ENOENT: `${source} does not exist on the host any more` },
    into,
  });
  return idMap ? [open, ...mapMountIds({ mount: into, source, recursive, ...idMap })] : [open];
}

/** Give a mount that is attached nowhere an id map: mount_setattr(2) with `MOUNT_ATTR_IDMAP`. On the host. */
export function mapMountIds(options: {
  readonly mount: Slot;
  readonly source: string;
  readonly recursive: boolean;
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}): readonly Step[] {
  const { mount, source, recursive, uids, gids } = options;
  const namespace = slot('user namespace');
  const attr = struct(
    [
      ['attr_set', 8, MOUNT_ATTR.MOUNT_ATTR_IDMAP, 'MOUNT_ATTR_IDMAP'],
      ['attr_clr', 8, 0],
      ['propagation', 8, 0],
      ['userns_fd', 8, 0, 'user namespace'],
    ],
    { writable: true },
  );
  const flags = AT.AT_EMPTY_PATH | (recursive ? AT.AT_RECURSIVE : 0);
  return [
    ...makeUserNamespace({ uids, gids, into: namespace }),
    store(namespace, attr, 24, 8),
    call('mount_setattr', [mount, cstr(''), flags, attr, MOUNT_ATTR_SIZE.MOUNT_ATTR_SIZE_VER0], {
      what: `map the ids of ${source}`,
      object: source,
      hints: {
        ENOSYS: 'id-mapped mounts need kernel 5.12',
        EINVAL: `the file system of ${source} has no id-mapped mounts (ext4, xfs and btrfs have, tmpfs from kernel 6.3), or one below it: bind it non-recursively`,
        EPERM: `${source} is id-mapped already, or belongs to another user namespace`,
      },
    }),
    call('close', [namespace], { what: 'close the user namespace' }),
  ];
}

function openTmpfs(spec: TmpfsSpec, target: string, into: Slot): readonly Step[] {
  const { sizeBytes, mode = 0o1777, uid, gid } = spec;
  const options: [string, string][] = [['mode', mode.toString(8)]];
  if (sizeBytes !== undefined) options.push(['size', String(sizeBytes)]);
  if (uid !== undefined) options.push(['uid', String(uid)]);
  if (gid !== undefined) options.push(['gid', String(gid)]);
  const attributes =
    (spec.suid === true ? 0 : MOUNT_ATTR.MOUNT_ATTR_NOSUID) |
    (spec.dev === true ? 0 : MOUNT_ATTR.MOUNT_ATTR_NODEV) |
    (spec.exec === true ? 0 : MOUNT_ATTR.MOUNT_ATTR_NOEXEC) |
    (spec.readonly === true ? MOUNT_ATTR.MOUNT_ATTR_RDONLY : 0);
  return newMount({ type: 'tmpfs', options, attributes, what: `mount a tmpfs on ${target}`, into });
}

function attachInside(place: {
  readonly rootFd: Operand;
  readonly target: string;
  readonly kind: PlannedMount['kind'];
  readonly mount: Slot;
}): readonly Step[] {
  const { rootFd, target: path, kind, mount } = place;
  const target = slot(path);
  return [
    ...openTarget({ rootFd, path, kind, what: `find or make the mount point ${path}`, into: target }),
    ...(mayCoverProc(path) ? [] : refuseProc(target, path)),
    attach({ mount, target, what: `attach the mount on ${path}`, object: path }),
  ];
}

/** Where `struct statfs` has `f_type`. */
const F_TYPE = 0;

/** Paths in `/proc` have been refused by name; this is for those that a link of the image leads there. */
export function refuseProc(target: Slot, path: string): readonly Step[] {
  const stat = scratch(STATFS_SIZE, 'statfs');
  const type = slot('file system');
  const what = `check that ${path} is not in /proc`;
  return [
    call('fstatfs', [target, stat], { what, object: path }),
    load(type, stat, F_TYPE, 8),
    when(
      [type, '==', MAGIC.PROC_SUPER_MAGIC],
      [
        fail('EXDEV', {
          what,
          object: path,
          hints: { EXDEV: `a link in the image leads from ${path} into /proc` },
        }),
      ],
    ),
  ];
}

/** Propagation and read-only, together where both are recursive or both are not. */
function changes(spec: PlannedMount['spec'], target: string, mount: Slot): readonly Step[] {
  if (spec.type === 'tmpfs') return [];
  const { propagation = 'rprivate', readonly = false } = spec;
  const isRecursive = propagation.startsWith('r');
  const kind = `MS_${propagation.slice(isRecursive ? 1 : 0).toUpperCase()}` as NonNullable<
    MountChange['propagation']
  >;
  const step = (change: MountChange, what: string): Step => setMount({ mount, change, what, object: target });
  const named = `make the mount on ${target} ${propagation}`;
  if (readonly === false) return [step({ propagation: kind, recursive: isRecursive }, named)];
  const attributes = MOUNT_ATTR.MOUNT_ATTR_RDONLY;
  const recursive = readonly === true;
  if (recursive === isRecursive) {
    return [step({ propagation: kind, attributes, recursive }, `${named} and read-only`)];
  }
  return [
    step({ propagation: kind, recursive: isRecursive }, named),
    step({ attributes, recursive }, `make the mount on ${target} read-only`),
  ];
}
