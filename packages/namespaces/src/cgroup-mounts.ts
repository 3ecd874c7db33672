import { MOUNT_ATTR, call, cstr, group, slot, type Slot, type Step } from '@ns/syscall';

import type { CgroupHierarchy, CgroupLayout } from './cgroup-layout.js';
import { NOSUID_NODEV_NOEXEC, attachAt, copyTree, newMount, setMount } from './mount-attach.js';

const READONLY = NOSUID_NODEV_NOEXEC | MOUNT_ATTR.MOUNT_ATTR_RDONLY;
const PLACE = 'fs/cgroup';

/**
 * Control groups, read-only, on `/sys/fs/cgroup`.
 *
 * @remarks
 * Version 2 is one mount. Version 1 is a tmpfs with a mount for each hierarchy that the host has, and links for
 * controllers that share one.
 *
 * @param options.sys - Our own sysfs: no image has a hand in the path.
 * @param options.fresh - Mount the hierarchies anew, so that the container's cgroup namespace decides what is seen.
 * Otherwise the directory of the starting process's own cgroup is bound.
 */
export function mountCgroups(options: {
  readonly sys: Slot;
  readonly layout: CgroupLayout;
  readonly fresh: boolean;
}): readonly Step[] {
  const { sys, layout, fresh } = options;
  const put = (mount: Slot, what: string): Step => attachAt({ mount, directory: sys, name: PLACE, what });
  return cgroupMounts({ at: `/sys/${PLACE}`, put, layout, fresh, attributes: READONLY });
}

/** What {@link cgroupMounts} mounts, and where. */
export interface CgroupMounts {
  /** For messages. */
  readonly at: string;
  /** Attaches a mount there. */
  readonly put: (mount: Slot, what: string) => Step;
  readonly layout: CgroupLayout;
  readonly fresh: boolean;
  /** `MOUNT_ATTR_*` of each mount. */
  readonly attributes: number;
}

/** {@link mountCgroups}, anywhere, and with any attributes. */
export function cgroupMounts({ at, put, layout, fresh, attributes }: CgroupMounts): readonly Step[] {
  const [first] = layout.hierarchies;
  if (first === undefined) return [];
  if (layout.version === 2) {
    return [group(at, mountHierarchy(first, fresh, attributes, { at, put }))];
  }
  const directory = slot('cgroup tmpfs');
  const what = `mount a tmpfs on ${at}`;
  return [
    group(
      at,
      newMount({
        type: 'tmpfs',
        source: 'cgroup',
        options: [['mode', '755']],
        attributes: attributes & ~MOUNT_ATTR.MOUNT_ATTR_RDONLY,
        what,
        into: directory,
      }),
      put(directory, what),
      layout.hierarchies.flatMap((hierarchy) => mountBelow(directory, hierarchy, { at, fresh, attributes })),
      layout.links.map(({ name, to }) =>
        call('symlinkat', [cstr(to), directory, cstr(name)], { what: `link ${at}/${name} to ${to}` }),
      ),
      (attributes & MOUNT_ATTR.MOUNT_ATTR_RDONLY) === 0
        ? []
        : setMount({
            mount: directory,
            change: { attributes: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: false },
            what: `make ${at} read-only`,
          }),
    ),
  ];
}

function mountBelow(
  directory: Slot,
  hierarchy: CgroupHierarchy,
  { at: above, fresh, attributes }: Pick<CgroupMounts, 'at' | 'fresh' | 'attributes'>,
): readonly Step[] {
  const { name } = hierarchy;
  const at = `${above}/${name}`;
  return [
    call('mkdirat', [directory, cstr(name), 0o755], { what: `create ${at}` }),
    ...mountHierarchy(hierarchy, fresh, attributes, {
      at,
      put: (mount, what) => attachAt({ mount, directory, name, what }),
    }),
  ];
}

function mountHierarchy(
  hierarchy: CgroupHierarchy,
  fresh: boolean,
  attributes: number,
  { at, put }: Pick<CgroupMounts, 'at' | 'put'>,
): readonly Step[] {
  const { type, options, ownDirectory } = hierarchy;
  const mount = slot(at);
  if (!fresh) {
    const what = `bind ${ownDirectory} on ${at}`;
    return [
      copyTree({ path: ownDirectory, recursive: true, what, into: mount }),
      put(mount, what),
      setMount({ mount, change: { attributes, recursive: true }, what: `restrict ${at}` }),
    ];
  }
  const what = `mount ${type} on ${at}`;
  const parameters = options.map((option): readonly [string, string?] => {
    const [key = '', value] = option.split('=');
    return value === undefined ? [key] : [key, value];
  });
  return [...newMount({ type, options: parameters, attributes, what, into: mount }), put(mount, what)];
}
