import { MOUNT_ATTR, call, cstr, group, on, slot, when } from '@ns/syscall';
import type { Operand, Slot, Step } from '@ns/syscall';

import type { CgroupLayout } from './cgroup-layout.js';
import { mountCgroups } from './cgroup-mounts.js';
import { makeDev, type Dev } from './dev.js';
import { invalid } from './invalid.js';
import { NOSUID_NODEV_NOEXEC, attach, attachAt, copyTree, newMount, setMount } from './mount-attach.js';
import type { NamespaceSources } from './set.js';
import type { IdMapping } from './spec.js';
import { openTarget } from './target.js';

/** Docker's size of `/dev/shm`: 64 MiB. */
export const DEFAULT_SHM_SIZE_BYTES: number = 64 * 1024 * 1024;

/** What {@link defaultMounts} needs to know. */
export interface DefaultMountsOptions {
  /** From {@link attachRoot}. */
  readonly rootFd: Operand;
  /** From {@link planNamespaces}: what may be mounted depends on who owns which namespace. */
  readonly sources: NamespaceSources;
  /** Of a new user namespace. */
  readonly gidMap?: readonly IdMapping[] | undefined;
  /** Default {@link DEFAULT_SHM_SIZE_BYTES}. */
  readonly shmSizeBytes?: number | undefined;
  /** From {@link readCgroupLayout}. Without it `/sys/fs/cgroup` stays empty. */
  readonly cgroups?: CgroupLayout | undefined;
  /** `/dev/shm` of the container whose ipc namespace is shared, from {@link openPeerShm}. */
  readonly peerShm?: Operand | undefined;
  /** A detached mount of a devpts for `/dev/pts`. Default: a new one. */
  readonly devpts?: Operand | undefined;
}

/** The default mounts, and descriptors of ours that later fragments act by: they are what they are by construction. */
export interface DefaultMounts extends Dev {
  /** The procfs on `/proc`. */
  readonly proc: Slot;
  /** The sysfs on `/sys`. */
  readonly sys: Slot;
}

/**
 * Docker's default mounts: `/proc`, `/dev` with its nodes and links, `/dev/pts`, `/dev/shm`, `/dev/mqueue`, `/sys` and
 * `/sys/fs/cgroup`, the last two read-only.
 *
 * @remarks
 * After {@link attachRoot} and before {@link pivotRoot}: some need the host's mounts. The mount points `/proc`, `/dev`
 * and `/sys` are made when the image lacks them, and must not be symbolic links (CVE-2019-19921); everything else lies
 * on mounts of our own.
 *
 * What a user namespace may not mount, because it does not own what the file system shows, is bound from the host.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a size of `/dev/shm` that is not a positive integer.
 */
export function defaultMounts(options: DefaultMountsOptions): DefaultMounts {
  const { rootFd, sources, gidMap, shmSizeBytes = DEFAULT_SHM_SIZE_BYTES } = options;
  if (!Number.isSafeInteger(shmSizeBytes) || shmSizeBytes < 1) {
    throw invalid('mounts', `size ${shmSizeBytes} of /dev/shm is not a positive number of bytes`);
  }
  const ownUsers = sources.user !== 'host';
  const proc = mountKernelTree({
    rootFd,
    type: 'proc',
    path: '/proc',
    attributes: NOSUID_NODEV_NOEXEC,
    source: kernelTreeSource(sources, 'pid'),
  });
  const dev = makeDev({
    rootFd,
    bindNodes: ownUsers,
    ttyGroup: gidMap ? hasTtyGroup(gidMap) : ownUsers ? 'if-mapped' : true,
    devpts: options.devpts,
  });
  const sys = mountKernelTree({
    rootFd,
    type: 'sysfs',
    path: '/sys',
    attributes: NOSUID_NODEV_NOEXEC | MOUNT_ATTR.MOUNT_ATTR_RDONLY,
    source: kernelTreeSource(sources, 'net'),
  });
  // The host's hierarchies of version 1 would show all cgroups of the machine.
  const fresh = sources.cgroup !== 'host' || (options.cgroups?.version === 2 && sources.user === 'host');
  const steps = [
    ...proc.steps,
    ...dev.steps,
    ...mountShm(dev.dev, sources, shmSizeBytes, options.peerShm),
    ...mountMqueue(dev.dev, sources),
    ...sys.steps,
    ...(options.cgroups ? mountCgroups({ sys: sys.mount, layout: options.cgroups, fresh }) : []),
  ];
  return { ...dev, steps, proc: proc.mount, sys: sys.mount };
}

/** Whether group 5 has a place in a map. */
const hasTtyGroup = (map: readonly IdMapping[]): boolean =>
  map.some(({ inside, length }) => inside <= 5 && 5 < inside + length);

/** How a tree of the kernel gets there: mounted, bound from the host, or bound if mounting is refused. */
type TreeSource = 'mount' | 'bind' | 'either';

/**
 * A procfs of the container that is mounted nowhere, for {@link writeSysctls} in one without the default mounts.
 *
 * Before {@link pivotRoot}, in the container's first process.
 */
export const openProc = (options: { readonly into: Slot }): readonly Step[] =>
  newMount({
    type: 'proc',
    attributes: NOSUID_NODEV_NOEXEC,
    what: 'open a procfs of our own',
    into: options.into,
  });

/** proc shows the pid namespace, sysfs the net namespace: a user namespace may mount it if it owns that. */
function kernelTreeSource(sources: NamespaceSources, shows: 'pid' | 'net'): TreeSource {
  if (sources.user === 'host' || sources[shows] === 'new') return 'mount';
  if (sources[shows] === 'host') return 'bind';
  return 'either';
}

interface KernelTree {
  readonly rootFd: Operand;
  readonly type: string;
  readonly path: string;
  readonly attributes: number;
  readonly source: TreeSource;
}

function mountKernelTree({ rootFd, type, path, attributes, source }: KernelTree): {
  readonly steps: readonly Step[];
  readonly mount: Slot;
} {
  const mount = slot(type);
  const target = slot(path);
  const what = `mount ${type} on ${path}`;
  const bind = copyTree({ path, recursive: true, what: `bind the host's ${path}`, into: mount });
  const refused = source === 'either' ? { refused: [bind] } : {};
  return {
    mount,
    steps: [
      group(
        path,
        source === 'bind' ? bind : newMount({ type, attributes, what, into: mount, ...refused }),
        openTarget({ rootFd, path, kind: 'directory', plain: true, what, into: target }),
        attach({ mount, target, what, object: path }),
        source === 'mount'
          ? []
          : setMount({ mount, change: { attributes, recursive: true }, what: `restrict the host's ${path}` }),
      ),
    ],
  };
}

function mountShm(
  dev: Slot,
  { ipc }: NamespaceSources,
  sizeBytes: number,
  peer: Operand | undefined,
): readonly Step[] {
  const mount = slot('shm');
  const what = 'mount a tmpfs on /dev/shm';
  const point = call('mkdirat', [dev, cstr('shm'), 0o755], { what: 'create /dev/shm' });
  if (ipc !== 'new' && peer !== undefined) {
    const shared = 'share /dev/shm of the other container';
    return [group('/dev/shm', point, attachAt({ mount: peer, directory: dev, name: 'shm', what: shared }))];
  }
  if (ipc === 'host') {
    const bound = "bind the host's /dev/shm";
    return [
      group(
        '/dev/shm',
        copyTree({ path: '/dev/shm', recursive: true, what: bound, into: mount }),
        point,
        attachAt({ mount, directory: dev, name: 'shm', what: bound }),
        setMount({
          mount,
          change: { attributes: NOSUID_NODEV_NOEXEC, recursive: true },
          what: "restrict the host's /dev/shm",
        }),
      ),
    ];
  }
  return [
    group(
      '/dev/shm',
      newMount({
        type: 'tmpfs',
        source: 'shm',
        options: [
          ['mode', '1777'],
          ['size', String(sizeBytes)],
        ],
        attributes: NOSUID_NODEV_NOEXEC,
        what,
        into: mount,
      }),
      point,
      attachAt({ mount, directory: dev, name: 'shm', what }),
    ),
  ];
}

function mountMqueue(dev: Slot, { user, ipc }: NamespaceSources): readonly Step[] {
  const mount = slot('mqueue');
  const what = 'mount mqueue on /dev/mqueue';
  const put = [
    call('mkdirat', [dev, cstr('mqueue'), 0o755], { what: 'create /dev/mqueue' }),
    attachAt({ mount, directory: dev, name: 'mqueue', what }),
  ];
  if (user === 'host' || ipc === 'new') {
    const made = newMount({ type: 'mqueue', attributes: NOSUID_NODEV_NOEXEC, what, into: mount });
    return [group('/dev/mqueue', made, put)];
  }
  // A user namespace may not mount the queues of an ipc namespace that it does not own, and not every host has them mounted.
  if (ipc !== 'host') return [];
  const bound = "bind the host's /dev/mqueue";
  return [
    group(
      '/dev/mqueue',
      copyTree({ path: '/dev/mqueue', recursive: true, what: bound, into: mount, on: [on(['ENOENT'])] }),
      when([mount, '>=', 0], put),
    ),
  ];
}
