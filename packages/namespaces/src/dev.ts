import {
  AT,
  MOUNT_ATTR,
  O,
  S,
  STATX,
  STATX_SIZE,
  call,
  cstr,
  fail,
  group,
  load,
  makedev,
  on,
  scratch,
  set,
  slot,
  when,
} from '@ns/syscall';
import type { Operand, Slot, Step } from '@ns/syscall';

import { attach, attachAt, copyTree, newMount } from './mount-attach.js';
import { openTarget } from './target.js';

/** Docker's size of `/dev`. */
const DEV_SIZE = '65536k';

/** A character device of `/dev`. */
interface Node {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
}

/** A device of the host. */
export interface HostDevice {
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
}

/** Docker's. */
const NODES: readonly Node[] = [
  { name: 'null', major: 1, minor: 3 },
  { name: 'zero', major: 1, minor: 5 },
  { name: 'full', major: 1, minor: 7 },
  { name: 'random', major: 1, minor: 8 },
  { name: 'urandom', major: 1, minor: 9 },
  { name: 'tty', major: 5, minor: 0 },
];

const LINKS: Readonly<Record<string, string>> = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  core: '/proc/kcore',
  ptmx: 'pts/ptmx',
};

/** Our own `/dev` and the descriptors that other fragments act by. */
export interface Dev {
  readonly steps: readonly Step[];
  /** The tmpfs on `/dev`. */
  readonly dev: Slot;
  /** The devpts on `/dev/pts`. */
  readonly pts: Slot;
  /** `/dev/null`: a device that we made, or one whose number was checked. For {@link maskPaths}. */
  readonly nullDevice: Slot;
}

/**
 * A tmpfs on `/dev` with Docker's nodes and links, and a devpts instance of its own on `/dev/pts`.
 *
 * @param options.bindNodes - Bind the host's nodes instead of making them, which a user namespace may not. Where making
 * one is refused (by a device cgroup) that one is bound in any case.
 * @param options.ttyGroup - Give terminals to group 5, Debian's and Alpine's `tty`: `'if-mapped'` when it is not known
 * whether the user namespace has it.
 */
export function makeDev(options: {
  readonly rootFd: Operand;
  readonly bindNodes: boolean;
  readonly ttyGroup: boolean | 'if-mapped';
  /** A detached mount of a devpts, instead of a new one. */
  readonly devpts?: Operand | undefined;
}): Dev {
  const dev = slot('dev');
  const pts = slot('devpts');
  const nullDevice = slot('null');
  const target = slot('/dev');
  const what = 'mount a tmpfs on /dev';
  const steps = [
    group(
      '/dev',
      newMount({
        type: 'tmpfs',
        options: [
          ['mode', '755'],
          ['size', DEV_SIZE],
        ],
        attributes: MOUNT_ATTR.MOUNT_ATTR_NOSUID | MOUNT_ATTR.MOUNT_ATTR_STRICTATIME,
        what,
        into: dev,
      }),
      openTarget({
        rootFd: options.rootFd,
        path: '/dev',
        kind: 'directory',
        plain: true,
        what,
        into: target,
      }),
      attach({ mount: dev, target, what, object: '/dev' }),
      NODES.flatMap((node) => (options.bindNodes ? bindNode(dev, node) : makeNode(dev, node))),
      Object.entries(LINKS).map(([name, to]) =>
        call('symlinkat', [cstr(to), dev, cstr(name)], { what: `link /dev/${name} to ${to}` }),
      ),
      call('openat', [dev, cstr('null'), O.O_PATH | O.O_NOFOLLOW | O.O_CLOEXEC, 0], {
        what: 'keep /dev/null at hand',
        into: nullDevice,
      }),
      mountPts(dev, pts, options),
    ),
  ];
  return { steps, dev, pts, nullDevice };
}

function makeNode(dev: Slot, node: Node): readonly Step[] {
  const { name, major, minor } = node;
  return [
    call('mknodat', [dev, cstr(name), S.S_IFCHR | 0o666, makedev(major, minor)], {
      what: `create /dev/${name}`,
      on: [on(['EPERM'], ...bindNode(dev, node))],
    }),
  ];
}

/** The host's node, by descriptor, and only if it is the device it is named after. */
function bindNode(dev: Slot, node: Node): readonly Step[] {
  const { name } = node;
  const what = `bind /dev/${name} of the host`;
  const source = slot(`host's /dev/${name}`);
  const tree = slot(`/dev/${name}`);
  return [
    call('mknodat', [dev, cstr(name), S.S_IFREG | 0o666, 0], {
      what: `create a mount point for /dev/${name}`,
    }),
    ...openHostDevice({ ...node, type: 'c', path: `/dev/${name}` }, source),
    copyTree({ directory: source, recursive: false, what, into: tree }),
    attachAt({ mount: tree, directory: dev, name, what }),
  ];
}

/** Offsets in `struct statx`. */
const STX_MODE = 28;
const STX_RDEV_MAJOR = 128;
const STX_RDEV_MINOR = 132;

/** Open a device of the host, which must have the right number: CVE-2025-31133. */
export function openHostDevice(device: HostDevice, into: Slot): readonly Step[] {
  const { path, type, major, minor } = device;
  const kind = type === 'c' ? 'character' : 'block';
  const stat = scratch(STATX_SIZE, 'statx');
  const found = slot('found');
  const wrong = (): Step =>
    fail('ENXIO', {
      what: `check ${path} of the host`,
      object: path,
      hints: { ENXIO: `${path} of the host is not ${kind} device ${major}:${minor}: repair it (mknod)` },
    });
  return [
    call('openat', [AT.AT_FDCWD, cstr(path), O.O_PATH | O.O_NOFOLLOW | O.O_CLOEXEC, 0], {
      what: `open ${path} of the host`,
      object: path,
      into,
    }),
    call('statx', [into, cstr(''), AT.AT_EMPTY_PATH, STATX.STATX_TYPE | STATX.STATX_MODE, stat], {
      what: `check ${path} of the host`,
      object: path,
    }),
    load(found, stat, STX_MODE, 2),
    { op: 'compute', into: found, left: found, by: ['&', S.S_IFMT] },
    when([found, '!=', type === 'c' ? S.S_IFCHR : S.S_IFBLK], [wrong()]),
    load(found, stat, STX_RDEV_MAJOR, 4),
    when([found, '!=', major], [wrong()]),
    load(found, stat, STX_RDEV_MINOR, 4),
    when([found, '!=', minor], [wrong()]),
  ];
}

/**
 * `/dev/null` of the host, checked, for {@link maskPaths} in a container without a `/dev` of ours. Before
 * {@link pivotRoot}.
 */
export function hostNullDevice(options: { readonly into: Slot }): readonly Step[] {
  return openHostDevice({ path: '/dev/null', type: 'c', major: 1, minor: 3 }, options.into);
}

function mountPts(
  dev: Slot,
  pts: Slot,
  { ttyGroup, devpts }: { readonly ttyGroup: boolean | 'if-mapped'; readonly devpts?: Operand | undefined },
): readonly Step[] {
  const what = 'mount devpts on /dev/pts';
  const mount = {
    type: 'devpts',
    options: [
      ['ptmxmode', '0666'],
      ['mode', '0620'],
    ] as const,
    attributes: MOUNT_ATTR.MOUNT_ATTR_NOSUID | MOUNT_ATTR.MOUNT_ATTR_NOEXEC,
    what,
    into: pts,
  };
  const withGroup = { ...mount, options: [...mount.options, ['gid', '5'] as const] };
  // A group without a place in the user namespace is EINVAL: for the option, or on older kernels for the whole.
  const either = { ...withGroup, refusal: ['EINVAL'], refused: newMount(mount) };
  return [
    ...(devpts === undefined
      ? newMount(ttyGroup === 'if-mapped' ? either : ttyGroup ? withGroup : mount)
      : [set(pts, devpts)]),
    call('mkdirat', [dev, cstr('pts'), 0o755], { what: 'create /dev/pts' }),
    attachAt({ mount: pts, directory: dev, name: 'pts', what }),
  ];
}
