import {
  AT,
  FSCONFIG,
  FSMOUNT,
  FSOPEN,
  MOUNT_ATTR,
  MOUNT_ATTR_SIZE,
  MOVE_MOUNT,
  MS,
  O,
  OPEN_TREE,
} from '@ns/syscall';
import { call, cstr, on, set, slot, struct, when } from '@ns/syscall';
import type { Handler, Operand, Slot, Step } from '@ns/syscall';

const EMPTY = cstr('');

/** Attributes of most mounts that the runtime makes. */
export const NOSUID_NODEV_NOEXEC: number =
  MOUNT_ATTR.MOUNT_ATTR_NOSUID | MOUNT_ATTR.MOUNT_ATTR_NODEV | MOUNT_ATTR.MOUNT_ATTR_NOEXEC;

/** A new instance of a file system. */
export interface NewMount {
  readonly type: string;
  /** What `/proc/mounts` shows as its device. Default: the type. */
  readonly source?: string;
  /** Options in order; without a value, a flag. */
  readonly options?: readonly (readonly [key: string, value?: string])[];
  /** `MOUNT_ATTR_*` */
  readonly attributes: number;
  /** `mount proc on /proc` */
  readonly what: string;
  readonly hints?: Readonly<Record<string, string>>;
  readonly into: Slot;
  /** What is done when the file system may not be mounted here; it must fill `into` another way. */
  readonly refused?: readonly Step[];
  /** The errnos that mean so. Default EPERM. */
  readonly refusal?: readonly string[];
}

/**
 * Make a file system instance that is mounted nowhere yet: fsopen(2), fsconfig(2), fsmount(2); kernel 5.2.
 *
 * The context's descriptor stays open until the program is executed.
 */
export function newMount(mount: NewMount): readonly Step[] {
  const { what, type, into, attributes, refused, refusal = ['EPERM'] } = mount;
  const context = slot(`${type} context`);
  const hints = {
    ENODEV: `the kernel has no ${type} file system`,
    EPERM: `the user namespace may not mount ${type}: it must own the namespace that ${type} shows, and see the host's whole`,
    ...mount.hints,
  };
  const tolerate = (...errnos: string[]): { tolerate?: string[] } => (refused ? { tolerate: errnos } : {});
  const open = call('fsopen', [cstr(type), FSOPEN.FSOPEN_CLOEXEC], {
    what,
    hints,
    into: context,
    ...tolerate(...refusal),
  });
  const make = [
    ...[['source', mount.source ?? type] as const, ...(mount.options ?? [])].map(([key, value]) =>
      setOption(context, key, value, { what, type, hints, ...tolerate(...refusal) }),
    ),
    call('fsconfig', [context, FSCONFIG.FSCONFIG_CMD_CREATE, 0, 0, 0], {
      what,
      hints,
      ...tolerate(...refusal),
    }),
    call('fsmount', [context, FSMOUNT.FSMOUNT_CLOEXEC, attributes], {
      what,
      hints,
      into,
      // A context whose superblock was refused has nothing to mount: EINVAL.
      ...tolerate(...refusal, 'EINVAL'),
    }),
  ];
  if (!refused) return [open, ...make];
  return [open, set(into, context), when([context, '>=', 0], make), when([into, '<', 0], refused)];
}

function setOption(
  context: Slot,
  key: string,
  value: string | undefined,
  said: {
    readonly what: string;
    readonly type: string;
    readonly hints: Readonly<Record<string, string>>;
    readonly tolerate?: readonly string[];
  },
): Step {
  const { tolerate } = said;
  const text = value === undefined ? key : `${key}=${value}`;
  return call(
    'fsconfig',
    value === undefined
      ? [context, FSCONFIG.FSCONFIG_SET_FLAG, cstr(key), 0, 0]
      : [context, FSCONFIG.FSCONFIG_SET_STRING, cstr(key), cstr(value), 0],
    {
      what: `${said.what}: ${text}`,
      hints: { EINVAL: `the ${said.type} file system refuses ${text}`, ...said.hints },
      ...(tolerate ? { tolerate } : {}),
    },
  );
}

/** Put a mount on the directory or file that a descriptor stands for; see move_mount(2). */
export const attach = (options: {
  readonly mount: Operand;
  readonly target: Operand;
  readonly what: string;
  readonly object?: string;
}): Step =>
  call(
    'move_mount',
    [
      options.mount,
      EMPTY,
      options.target,
      EMPTY,
      MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH,
    ],
    { what: options.what, object: options.object, hints: ATTACH_HINTS },
  );

/** Put a mount on a name in a directory that only the runtime has written to: our own `/dev`, sysfs. */
export const attachAt = (options: {
  readonly mount: Operand;
  readonly directory: Operand;
  readonly name: string;
  readonly what: string;
}): Step =>
  call(
    'move_mount',
    [options.mount, EMPTY, options.directory, cstr(options.name), MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH],
    { what: options.what, object: options.name, hints: ATTACH_HINTS },
  );

const ATTACH_HINTS = {
  EINVAL: 'is the source a directory and the target a file, or the other way round?',
  ENOTDIR: 'is the source a directory and the target a file, or the other way round?',
  ENOSPC: 'the mount namespace is full: see /proc/sys/fs/mount-max',
};

/** A detached copy of the mount at a path or descriptor: open_tree(2) with `OPEN_TREE_CLONE`. */
export function copyTree(options: {
  /** A descriptor with `path` empty, or a directory of which `path` is a part. Default: the working directory. */
  readonly directory?: Operand;
  /** Default empty: the descriptor itself. */
  readonly path?: string;
  readonly recursive: boolean;
  readonly what: string;
  readonly hints?: Readonly<Record<string, string>>;
  readonly into: Slot;
  readonly on?: readonly Handler[];
}): Step {
  const { directory = AT.AT_FDCWD, path = '', what, hints, into } = options;
  const flags =
    OPEN_TREE.OPEN_TREE_CLONE |
    OPEN_TREE.OPEN_TREE_CLOEXEC |
    (options.recursive ? AT.AT_RECURSIVE : 0) |
    (path === '' ? AT.AT_EMPTY_PATH : 0);
  return call('open_tree', [directory, cstr(path), flags], {
    what,
    hints: { EINVAL: 'a file system below it may not be uncovered: bind it recursively', ...hints },
    into,
    ...(path === '' ? {} : { object: path }),
    ...(options.on ? { on: options.on } : {}),
  });
}

/** What {@link setMount} changes. */
export interface MountChange {
  /** `MOUNT_ATTR_*` to set. The access-time field is not touched, unless `clear` has all of it (`MOUNT_ATTR__ATIME`). */
  readonly attributes?: number;
  /** `MOUNT_ATTR_*` to clear, first. */
  readonly clear?: number;
  readonly propagation?: 'MS_PRIVATE' | 'MS_SLAVE' | 'MS_SHARED' | 'MS_UNBINDABLE';
  readonly recursive: boolean;
}

/**
 * Change a mount that is attached in the caller's mount namespace: mount_setattr(2), kernel 5.12.
 *
 * @remarks
 * On kernels before 5.12 the same with mount(2), by the path of the descriptor in the host's `/proc`. There a
 * read-only bind is not recursive, and flags of the mount that are not in `attributes` are lost.
 */
export function setMount(options: {
  /** A descriptor of the mount. */
  readonly mount: Slot;
  readonly change: MountChange;
  readonly what: string;
  readonly hints?: Readonly<Record<string, string>>;
  readonly object?: string;
}): Step {
  const { mount, change, what, hints, object } = options;
  const { attributes = 0, clear = 0, propagation, recursive } = change;
  const attr = struct([
    ['attr_set', 8, attributes, attributeText(attributes)],
    ['attr_clr', 8, clear, attributeText(clear)],
    ['propagation', 8, propagation ? MS[propagation] : 0, propagation ?? '0'],
    ['userns_fd', 8, 0],
  ]);
  return call(
    'mount_setattr',
    [
      mount,
      EMPTY,
      AT.AT_EMPTY_PATH | (recursive ? AT.AT_RECURSIVE : 0),
      attr,
      MOUNT_ATTR_SIZE.MOUNT_ATTR_SIZE_VER0,
    ],
    { what, object, hints, on: [on(['ENOSYS'], ...legacy(mount, change, what))] },
  );
}

/** The names of mount attributes. */
export const attributeText = (attributes: number): string =>
  Object.entries(MOUNT_ATTR)
    .filter(([name, bit]) => name !== 'MOUNT_ATTR__ATIME' && bit !== 0 && (attributes & bit) === bit)
    .map(([name]) => name)
    .join('|') || '0';

/** A number for the one descriptor that a path has to name; below the usual RLIMIT_NOFILE of 1024. */
const LEGACY_FD = 1000;

function legacy(mount: Slot, change: MountChange, what: string): readonly Step[] {
  const { attributes = 0, propagation, recursive } = change;
  const path = cstr(`/proc/self/fd/${LEGACY_FD}`);
  const steps: Step[] = [
    call('dup3', [mount, LEGACY_FD, O.O_CLOEXEC], {
      what: 'give the mount a path, for a kernel before 5.12',
      hints: { EBADF: 'raise RLIMIT_NOFILE to 1024 or more' },
    }),
  ];
  if (propagation) {
    const flags = MS[propagation] | (recursive ? MS.MS_REC : 0);
    steps.push(call('mount', [EMPTY, path, EMPTY, flags, 0], { what }));
  }
  if (attributes !== 0) {
    const flags = MS.MS_REMOUNT | MS.MS_BIND | msFlags(attributes);
    steps.push(call('mount', [EMPTY, path, EMPTY, flags, 0], { what }));
  }
  return steps;
}

/** Mount attributes as flags of mount(2): the first four have the same bits. */
export const msFlags = (attributes: number): number =>
  attributes & (MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC);
