import { MOUNT_ATTR, call, group, slot } from '@ns/syscall';
import type { Operand, Slot, Step } from '@ns/syscall';

import type { CgroupLayout } from './cgroup-layout.js';
import { cgroupMounts } from './cgroup-mounts.js';
import { containerPath, isWithin } from './container-path.js';
import { invalid } from './invalid.js';
import { attach, copyTree, newMount, setMount, type MountChange } from './mount-attach.js';
import { mayCoverProc } from './mount-plan.js';
import type { IdMapping, Propagation } from './spec.js';
import { openTarget } from './target.js';
import { mapMountIds, refuseProc } from './user-mounts.js';

/** What is set and cleared: `MOUNT_ATTR_*`. What is in neither stays as it is. */
export interface AttributeChange {
  readonly set: number;
  readonly clear: number;
}

/** A mount of any kind, as a configuration file describes it. */
export interface ConfigMount {
  /** Absolute, inside the container. */
  readonly target: string;
  /** Without {@link ConfigMount.bind}: what fsopen(2) is given; `cgroup` means whatever version the machine has. */
  readonly type: string;
  /** For binds absolute on the host; for file systems what they call their source. */
  readonly source: string;
  readonly bind?: 'bind' | 'rbind' | undefined;
  /** No new mount: the attributes and propagation of the one that is there are changed. `type` and `source` say nothing. */
  readonly remount?: boolean | undefined;
  readonly attributes: AttributeChange;
  /** Of all mounts below it too. */
  readonly recursive?: AttributeChange | undefined;
  /** Options of the file system, as fsconfig(2) takes them: `size=64m`, `newinstance`. */
  readonly data: readonly string[];
  /** In order. Default for a bind: {@link ConfigMountsOptions.propagation}. */
  readonly propagation: readonly (Propagation | 'unbindable' | 'runbindable')[];
  readonly idMap?:
    | {
        readonly uids: readonly IdMapping[];
        readonly gids: readonly IdMapping[];
        readonly recursive: boolean;
      }
    | undefined;
}

/** What {@link configMounts} needs to know. */
export interface ConfigMountsOptions {
  readonly mounts: readonly ConfigMount[];
  /** From {@link attachRoot}. */
  readonly rootFd: Operand;
  /** Whether the creator may copy mounts of the host; else the container's first process does. */
  readonly privileged: boolean;
  /** Of a bind's source: a look at the host. */
  readonly kindOf: (mount: ConfigMount) => 'directory' | 'file';
  /** Of binds that do not say. */
  readonly propagation: Propagation;
  /** For the type `cgroup`. */
  readonly cgroups?: { readonly layout: CgroupLayout; readonly fresh: boolean } | undefined;
  /** Mounts that the creator has made: their descriptors. */
  readonly made?: ReadonlyMap<ConfigMount, number> | undefined;
}

/** The parts of mounts, by where they are done. */
export interface ConfigMounts {
  /** Before clone3(2): sources on the host. */
  readonly host: readonly Step[];
  /** In the container's first process, after {@link attachRoot}. */
  readonly init: readonly Step[];
  /** There, after device nodes were made: what must not be written to any more. */
  readonly late: readonly Step[];
  /** New file systems by where they are, for fragments that act by descriptor: `/proc`, `/dev/pts`. */
  readonly at: ReadonlyMap<string, Slot>;
}

const OPERATION = 'mounts';
/** Their places must not be links: an image could have the runtime write to the host's (CVE-2019-19921). */
const PLAIN_TYPES: ReadonlySet<string> = new Set(['proc', 'sysfs']);

/**
 * Mounts as an OCI configuration has them, in order, instead of the default ones.
 *
 * @remarks
 * Sources are opened on the host by descriptor; places are found and made below the root's descriptor, and nothing is
 * mounted inside a procfs but what may be, see {@link planMounts}.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a target that is `/`, not absolute, leaves the root, or is in
 * `/proc`.
 */
export function configMounts(options: ConfigMountsOptions): ConfigMounts {
  const host: Step[] = [];
  const init: Step[] = [];
  const late: Step[] = [];
  const at = new Map<string, Slot>();
  for (const mount of options.mounts) {
    const target = checkTarget(mount);
    const into = slot(`mount for ${target}`);
    if (mount.remount === true) {
      init.push(
        ...openMount(target, into, options),
        ...propagate(mount, target, into),
        ...change(mount, target, into),
      );
      continue;
    }
    if (mount.bind !== undefined) {
      (options.privileged ? host : init).push(...openSource(mount, target, into));
      init.push(
        ...place(mount, target, into, options),
        ...restrict(mount, target, into, options.propagation),
      );
      at.delete(target);
      continue;
    }
    if (mount.type === 'cgroup' || mount.type === 'cgroup2') {
      init.push(...mountCgroups(mount, target, options));
      continue;
    }
    const made = options.made?.get(mount);
    init.push(
      ...(made === undefined
        ? openFilesystem(mount, target, into)
        : [call('dup', [made], { what: `take the mount for ${target}`, into })]),
      ...place(mount, target, into, options),
      ...propagate(mount, target, into),
    );
    if (isDev(mount, target) && isReadonly(mount)) late.push(...makeReadonly(target, into));
    at.set(target, into);
  }
  const titled = (title: string, steps: readonly Step[]): readonly Step[] =>
    steps.length === 0 ? [] : [group(title, steps)];
  return { host: titled('sources of mounts', host), init: titled('mounts', init), late, at };
}

/** Device nodes are made in it, so it becomes read-only afterwards. */
const isDev = ({ type }: ConfigMount, target: string): boolean => type === 'tmpfs' && target === '/dev';
const isReadonly = ({ attributes, data }: ConfigMount): boolean =>
  (attributes.set & MOUNT_ATTR.MOUNT_ATTR_RDONLY) !== 0 || data.includes('ro');

function checkTarget(mount: ConfigMount): string {
  const target = containerPath(OPERATION, 'destination', mount.target);
  if (target === '/') throw invalid(OPERATION, 'a mount on / would hide the container', { path: target });
  if (isWithin(target, '/proc') && target !== '/proc' && !mayCoverProc(target)) {
    throw invalid(OPERATION, `${target} is inside /proc`, {
      path: target,
      hint: 'mount it outside of /proc: what lies there steers processes',
    });
  }
  return target;
}

function openSource(mount: ConfigMount, target: string, into: Slot): readonly Step[] {
  const { source, bind, idMap } = mount;
  const open = copyTree({
    path: source,
    recursive: bind === 'rbind',
    what: `open ${source} to bind it on ${target}`,
    hints: { ENOENT: `${source} does not exist on the host any more` },
    into,
  });
  return idMap === undefined ? [open] : [open, ...mapMountIds({ mount: into, source, ...idMap })];
}

function openFilesystem(mount: ConfigMount, target: string, into: Slot): readonly Step[] {
  const { type, source, attributes, data } = mount;
  const dev = isDev(mount, target);
  const options = data
    .filter((option) => !(dev && option === 'ro'))
    .map((option): readonly [string, string?] => {
      const equals = option.indexOf('=');
      return equals === -1 ? [option] : [option.slice(0, equals), option.slice(equals + 1)];
    });
  return newMount({
    type,
    source: source === '' ? type : source,
    options,
    attributes: dev ? attributes.set & ~MOUNT_ATTR.MOUNT_ATTR_RDONLY : attributes.set,
    what: `mount ${type} on ${target}`,
    into,
  });
}

/** Find or make the place, and put the mount there. */
function place(
  mount: ConfigMount,
  path: string,
  into: Slot,
  { rootFd, kindOf }: ConfigMountsOptions,
): readonly Step[] {
  const target = slot(path);
  const plain = PLAIN_TYPES.has(mount.type) && mount.bind === undefined;
  const kind = mount.bind === undefined ? 'directory' : kindOf(mount);
  const mayBeProc = mayCoverProc(path) || path === '/proc';
  return [
    ...openTarget({
      rootFd,
      path,
      kind,
      what: `find or make the mount point ${path}`,
      into: target,
      plain,
    }),
    ...(mayBeProc ? [] : refuseProc(target, path)),
    attach({ mount: into, target, what: `attach the mount on ${path}`, object: path }),
  ];
}

function mountCgroups(mount: ConfigMount, path: string, options: ConfigMountsOptions): readonly Step[] {
  const { rootFd, cgroups } = options;
  if (cgroups === undefined) return [];
  const target = slot(path);
  return [
    ...openTarget({
      rootFd,
      path,
      kind: 'directory',
      what: `find or make the mount point ${path}`,
      into: target,
    }),
    ...refuseProc(target, path),
    ...cgroupMounts({
      at: path,
      put: (one, what) => attach({ mount: one, target, what, object: path }),
      ...cgroups,
      attributes: mount.attributes.set,
    }),
  ];
}

type Kind = NonNullable<MountChange['propagation']>;

function propagate(
  { propagation }: Pick<ConfigMount, 'propagation'>,
  target: string,
  mount: Slot,
): readonly Step[] {
  return propagation.map((kind) => {
    const recursive = /^r(?:private|slave|shared|unbindable)$/.test(kind);
    const name = `MS_${(recursive ? kind.slice(1) : kind).toUpperCase()}` as Kind;
    const what = `make the mount on ${target} ${kind}`;
    return setMount({ mount, change: { propagation: name, recursive }, what, object: target });
  });
}

/** Access times are a field of three bits: setting one of its values clears the others. */
const withAtime = ({ set, clear }: AttributeChange): { attributes: number; clear: number } => ({
  attributes: set,
  clear: (set & MOUNT_ATTR.MOUNT_ATTR__ATIME) === 0 ? clear : clear | MOUNT_ATTR.MOUNT_ATTR__ATIME,
});

function restrict(mount: ConfigMount, target: string, into: Slot, otherwise: Propagation): readonly Step[] {
  const { propagation } = mount;
  const kinds = propagation.length === 0 ? [otherwise] : propagation;
  return [...propagate({ propagation: kinds }, target, into), ...change(mount, target, into)];
}

function change({ attributes, recursive }: ConfigMount, target: string, into: Slot): readonly Step[] {
  const set = (what: AttributeChange, everything: boolean): readonly Step[] =>
    what.set === 0 && what.clear === 0
      ? []
      : [
          setMount({
            mount: into,
            change: { ...withAtime(what), recursive: everything },
            what: `set the options of the mount on ${target}`,
            hints: { EINVAL: `${target} is no mount point: only what is mounted can be changed` },
            object: target,
          }),
        ];
  return [...set(attributes, false), ...(recursive === undefined ? [] : set(recursive, true))];
}

/** What is mounted there, directory or file. */
const openMount = (path: string, into: Slot, { rootFd }: ConfigMountsOptions): readonly Step[] =>
  openTarget({ rootFd, path, kind: 'file', what: `find the mount on ${path}`, into });

const makeReadonly = (target: string, mount: Slot): readonly Step[] => [
  setMount({
    mount,
    change: { attributes: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: false },
    what: `make ${target} read-only`,
    object: target,
  }),
];
