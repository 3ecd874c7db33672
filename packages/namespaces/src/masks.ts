import { MOUNT_ATTR, O, group, on, set, slot, when } from '@ns/syscall';
import type { Data, Operand, Slot, Step } from '@ns/syscall';

import { containerPath, isWithin } from './container-path.js';
import { invalid } from './invalid.js';
import { NOSUID_NODEV_NOEXEC, attach, copyTree, newMount, setMount } from './mount-attach.js';
import { BENEATH, FILE_IN_ROOT, openBelow } from './target.js';

/** What Docker hides: files of the kernel that tell about, or reach, the machine. */
export const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/** What Docker makes read-only. */
export const READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/** Descriptors by which paths are found. */
export interface Places {
  /** From {@link attachRoot}. */
  readonly rootFd: Operand;
  /** The container's own procfs and sysfs: paths below `/proc` and `/sys` are looked up there, where no link or mount can lead away. */
  readonly proc?: Operand | undefined;
  readonly sys?: Operand | undefined;
}

const BENEATH_OURS = BENEATH(O.O_PATH, 'O_PATH', { sameMount: false });

/** From where, as what and how a path is opened. */
function lookup(path: string, { rootFd, proc, sys }: Places): [from: Operand, relative: string, how: Data] {
  for (const [prefix, mount] of [
    ['/proc', proc],
    ['/sys', sys],
  ] as const) {
    if (mount !== undefined && path !== prefix && isWithin(path, prefix)) {
      return [mount, path.slice(prefix.length + 1), BENEATH_OURS];
    }
  }
  return [rootFd, path.slice(1), FILE_IN_ROOT];
}

function maskablePath(path: string): string {
  const short = containerPath('mounts', 'path', path);
  if (short === '/')
    throw invalid('mounts', 'the root can be neither hidden nor made read-only this way', { path });
  return short;
}

/** Open a path and do something with it; a path that does not exist is passed over. */
function each(
  paths: readonly string[],
  places: Places,
  what: string,
  act: (path: string, target: Slot) => readonly Step[],
): readonly Step[] {
  return paths
    .map((path) => maskablePath(path))
    .flatMap((path) => {
      const target = slot(path);
      const [directory, relative, how] = lookup(path, places);
      return [
        ...openBelow({
          directory,
          path: relative,
          how,
          into: target,
          purpose: { what: `${what} ${path}`, object: path },
          plain: how === BENEATH_OURS,
          missing: [],
          absent: ['ENOENT', 'ENOTDIR'],
        }),
        when([target, '>=', 0], act(path, target)),
      ];
    });
}

/**
 * Hide paths of the container: a file behind `/dev/null`, a directory behind an empty read-only tmpfs.
 *
 * @remarks
 * After all other mounts and before {@link pivotRoot}. Which of the two a path is shows when the tmpfs, a directory,
 * does not fit on it. The null device is a descriptor of one that we made or checked ourselves: an image or a race
 * cannot put something else there (CVE-2025-31133).
 *
 * @param options.paths - Absolute, inside the container. Default in Docker: {@link MASKED_PATHS}.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a path that is not absolute, or `/`.
 */
export function maskPaths(
  options: Places & { readonly paths: readonly string[]; readonly nullDevice: Slot },
): readonly Step[] {
  const { paths, nullDevice } = options;
  if (paths.length === 0) return [];
  const empty = slot('empty directory');
  const mask = slot('mask');
  return [
    group(
      'masked paths',
      newMount({
        type: 'tmpfs',
        source: 'masked',
        options: [
          ['mode', '555'],
          ['nr_inodes', '1'],
        ],
        attributes: NOSUID_NODEV_NOEXEC | MOUNT_ATTR.MOUNT_ATTR_RDONLY,
        what: 'make an empty directory to hide others with',
        into: empty,
      }),
      each(paths, options, 'hide', (path, target) => {
        const file = `hide the file ${path}`;
        const hideFile = [
          copyTree({ directory: nullDevice, recursive: false, what: file, into: mask }),
          attach({ mount: mask, target, what: file, object: path }),
        ];
        const directory = `hide the directory ${path}`;
        return [
          copyTree({
            directory: empty,
            recursive: false,
            what: directory,
            into: mask,
            // Before kernel 6.15 only an attached mount can be copied: the first directory gets the mount itself.
            on: [on(['EINVAL'], set(mask, empty))],
          }),
          {
            ...attach({ mount: mask, target, what: directory, object: path }),
            on: [on(['ENOTDIR', 'EINVAL'], ...hideFile)],
          },
        ];
      }),
    ),
  ];
}

/**
 * Make paths of the container read-only, with all that is mounted below them.
 *
 * @remarks
 * After all other mounts, after {@link writeSysctls}, and before {@link pivotRoot}. Each is bound onto itself, by
 * descriptor.
 *
 * @param options.paths - Absolute, inside the container. Default in Docker: {@link READONLY_PATHS}.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a path that is not absolute, or `/`.
 */
export function readonlyPaths(options: Places & { readonly paths: readonly string[] }): readonly Step[] {
  if (options.paths.length === 0) return [];
  return [
    group(
      'read-only paths',
      each(options.paths, options, 'make read-only', (path, target) => {
        const tree = slot(`copy of ${path}`);
        const what = `make ${path} read-only`;
        return [
          copyTree({ directory: target, recursive: true, what, into: tree }),
          attach({ mount: tree, target, what, object: path }),
          setMount({
            mount: tree,
            change: { attributes: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: true },
            what,
            object: path,
          }),
        ];
      }),
    ),
  ];
}
