import { openTarget } from '@ns/namespaces';
import {
  AT,
  call,
  cstr,
  group,
  MNT,
  MOUNT_ATTR,
  MOUNT_ATTR_SIZE,
  MS,
  O,
  slot,
  struct,
  type Step,
} from '@ns/syscall';

import { ROOT } from './container.js';

/** Something of the host that is there in a jail, read-only unless it says otherwise. */
export interface JailFile {
  /** On the host. */
  readonly source: string;
  /** In the jail. */
  readonly target: string;
  readonly kind: 'directory' | 'file';
  /** A device, or a fifo: it can be opened for writing. */
  readonly isDevice?: boolean;
}

/** The source of a bind mount of the container. */
export interface JailMount {
  readonly name: string;
  readonly source: string;
  readonly kind: 'directory' | 'file';
  /** `non-recursive`: without what is mounted below. */
  readonly readonly: boolean | 'non-recursive';
  readonly isRecursive: boolean;
}

/** A directory or file of the container's root that has to be there. */
export interface MountPoint {
  readonly path: string;
  readonly kind: 'directory' | 'file';
}

/** All that the process of a virtual machine sees of the host. */
export interface Jail {
  /** An empty directory of the host, which becomes its root in the mount namespace of the caller. */
  readonly at: string;
  /** Where the container's root is on the host. */
  readonly root: string;
  /** Undefined: it can be written to. Otherwise what the guest mounts something on, or works in. */
  readonly readonlyRoot: readonly MountPoint[] | undefined;
  readonly mounts: readonly JailMount[];
  readonly files: readonly JailFile[];
  /** Symbolic links: path, and what it leads to. */
  readonly links: readonly (readonly [path: string, to: string])[];
  /** Bytes of a directory `/tmp` for the process itself; 0 for none. */
  readonly scratchBytes: number;
}

/** The directory of the jail that the guest can read and write. */
export const EXPORT = '/export';

/**
 * Make a root for the process of a virtual machine, and enter it, in a mount namespace of the caller's own: whatever a
 * hostile guest makes of that process, it finds the container's files, and read-only the programs that it is made of.
 *
 * @remarks
 * Devices in the container's files are not opened (MS_NODEV): a guest can make some, and a process that serves its files
 * would open the machine's own (CVE-2023-2861 of QEMU).
 */
export function enterJail(jail: Jail): Step[] {
  const { at } = jail;
  const inside = (path: string): string => `${at}${path}`;
  const directories = directoriesOf(jail);
  return [
    group(
      'jail',
      call('umask', [0o022], { what: 'create files that only root can change' }),
      call('mount', [cstr(''), cstr('/'), cstr(''), MS.MS_PRIVATE | MS.MS_REC, 0], {
        what: 'keep mounts from spreading',
        object: '/',
      }),
      mount('tmpfs', at, 'tmpfs', MS.MS_NOSUID | MS.MS_NODEV, 'mode=755,size=1m'),
      directories.map((path) =>
        call('mkdirat', [AT.AT_FDCWD, cstr(inside(path)), 0o755], { what: `make ${path}` }),
      ),
      jail.links.map(([path, to]) =>
        call('symlinkat', [cstr(to), AT.AT_FDCWD, cstr(inside(path))], { what: `link ${path} to ${to}` }),
      ),
      jail.files.flatMap((file) => attachFile(file, inside(file.target))),
      attachRoot(jail, inside(`${EXPORT}/${ROOT}`)),
      jail.mounts.flatMap((each) => attachMount(each, inside(`${EXPORT}/${each.name}`))),
      ...(jail.scratchBytes === 0
        ? []
        : [
            mount(
              'tmpfs',
              inside('/tmp'),
              'tmpfs',
              MS.MS_NOSUID | MS.MS_NODEV,
              `mode=1777,size=${jail.scratchBytes}`,
            ),
          ]),
      enter(at),
    ),
  ];
}

/** Every directory that something is put into or on, the outer ones first. */
function directoriesOf(jail: Jail): string[] {
  const all = new Set<string>();
  const add = (path: string): void => {
    if (path === '' || path === '/') return;
    add(path.slice(0, path.lastIndexOf('/')));
    all.add(path);
  };
  const parent = (path: string): string => path.slice(0, path.lastIndexOf('/'));
  add(`${EXPORT}/${ROOT}`);
  add('/proc');
  add('/tmp');
  for (const { name, kind } of jail.mounts) add(kind === 'directory' ? `${EXPORT}/${name}` : EXPORT);
  for (const { target, kind } of jail.files) add(kind === 'directory' ? target : parent(target));
  for (const [path] of jail.links) add(parent(path));
  return [...all];
}

function attachFile({ source, kind, isDevice = false }: JailFile, target: string): Step[] {
  const attributes =
    MOUNT_ATTR.MOUNT_ATTR_NOSUID |
    (isDevice ? 0 : MOUNT_ATTR.MOUNT_ATTR_NODEV | MOUNT_ATTR.MOUNT_ATTR_RDONLY);
  return [
    ...(kind === 'file' ? [makeFile(target)] : []),
    mount(source, target, '', MS.MS_BIND | (kind === 'directory' ? MS.MS_REC : 0)),
    restrict(target, attributes, kind === 'directory'),
  ];
}

function attachRoot({ root, readonlyRoot }: Jail, target: string): Step[] {
  const { MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_RDONLY } = MOUNT_ATTR;
  const steps = [
    mount(root, target, '', MS.MS_BIND | MS.MS_REC),
    restrict(target, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true),
  ];
  if (readonlyRoot === undefined) return steps;
  const rootFd = slot('root');
  return [
    ...steps,
    // What the guest mounts on has to exist before nothing can be made any more.
    call('openat', [AT.AT_FDCWD, cstr(target), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
      what: 'open the root',
      into: rootFd,
    }),
    ...readonlyRoot.flatMap(({ path, kind }) =>
      openTarget({ rootFd, path, kind, what: `find or make ${path}`, into: slot(path) }),
    ),
    restrict(target, MOUNT_ATTR_RDONLY, false),
  ];
}

function attachMount({ source, kind, readonly: how, isRecursive }: JailMount, target: string): Step[] {
  const { MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_RDONLY } = MOUNT_ATTR;
  return [
    ...(kind === 'file' ? [makeFile(target)] : []),
    mount(source, target, '', MS.MS_BIND | (isRecursive ? MS.MS_REC : 0)),
    restrict(
      target,
      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (how === true ? MOUNT_ATTR_RDONLY : 0),
      isRecursive,
    ),
    ...(how === 'non-recursive' ? [restrict(target, MOUNT_ATTR_RDONLY, false)] : []),
  ];
}

const makeFile = (path: string): Step =>
  call('mknodat', [AT.AT_FDCWD, cstr(path), 0o100644, 0], { what: `make ${path} to mount on` });

const mount = (source: string, target: string, type: string, flags: number, data = ''): Step =>
  call('mount', [cstr(source), cstr(target), cstr(type), flags, cstr(data)], {
    what: `mount ${source} on ${target}`,
    object: source,
  });

function restrict(path: string, attributes: number, isRecursive: boolean): Step {
  const attr = struct([
    ['attr_set', 8, attributes],
    ['attr_clr', 8, 0],
    ['propagation', 8, MS.MS_PRIVATE, 'MS_PRIVATE'],
    ['userns_fd', 8, 0],
  ]);
  return call(
    'mount_setattr',
    [AT.AT_FDCWD, cstr(path), isRecursive ? AT.AT_RECURSIVE : 0, attr, MOUNT_ATTR_SIZE.MOUNT_ATTR_SIZE_VER0],
    {
      what: `restrict ${path}`,
      object: path,
      hints: { ENOSYS: 'virtual machines need Linux 5.12 or newer' },
    },
  );
}

/** Its own root is read-only last: a guest could fill the machine's memory by making files there. */
const enter = (at: string): Step[] => [
  restrict(at, MOUNT_ATTR.MOUNT_ATTR_RDONLY, false),
  call('chdir', [cstr(at)], { what: 'go to the jail' }),
  call('pivot_root', [cstr('.'), cstr('.')], { what: 'make it the root' }),
  call('umount2', [cstr('.'), MNT.MNT_DETACH], { what: 'let go of the host’s root' }),
  call('chdir', [cstr('/')], { what: 'go to the new root' }),
];
