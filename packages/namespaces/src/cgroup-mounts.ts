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
  if (layout.hierarchies.length === 0) return [];
  const [first] = layout.hierarchies;
  const at = `/sys/${PLACE}`;
  if (layout.version === 2)
    return [group(at, mountHierarchy(first!, fresh, { directory: sys, name: PLACE, at }))];
  const directory = slot('cgroup tmpfs');
  const what = `mount a tmpfs on ${at}`;
  return [
    group(
      at,
      newMount({
        type: 'tmpfs',
        source: 'cgroup',
        options: [['mode', '755']],
        attributes: NOSUID_NODEV_NOEXEC,
        what,
        into: directory,
      }),
      attachAt({ mount: directory, directory: sys, name: PLACE, what }),
      layout.hierarchies.flatMap((hierarchy) => mountBelow(directory, hierarchy, fresh)),
      layout.links.map(({ name, to }) =>
        call('symlinkat', [cstr(to), directory, cstr(name)], { what: `link ${at}/${name} to ${to}` }),
      ),
      setMount({
        mount: directory,
        change: { attributes: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: false },
        what: `make ${at} read-only`,
      }),
    ),
  ];
}

function mountBelow(directory: Slot, hierarchy: CgroupHierarchy, fresh: boolean): readonly Step[] {
  const { name } = hierarchy;
  const at = `/sys/${PLACE}/${name}`;
  return [
    call('mkdirat', [directory, cstr(name), 0o755], { what: `create ${at}` }),
    ...mountHierarchy(hierarchy, fresh, { directory, name, at }),
  ];
}

interface Place {
  readonly directory: Slot;
  readonly name: string;
  readonly at: string;
}

function mountHierarchy(hierarchy: CgroupHierarchy, fresh: boolean, place: Place): readonly Step[] {
  const { type, options, ownDirectory } = hierarchy;
  const { directory, name, at } = place;
  const mount = slot(at);
  if (!fresh) {
    const what = `bind ${ownDirectory} on ${at}`;
    return [
      copyTree({ path: ownDirectory, recursive: true, what, into: mount }),
      attachAt({ mount, directory, name, what }),
      setMount({ mount, change: { attributes: READONLY, recursive: true }, what: `make ${at} read-only` }),
    ];
  }
  const what = `mount ${type} on ${at}`;
  const parameters = options.map((option): readonly [string, string?] => {
    const [key = '', value] = option.split('=');
    return value === undefined ? [key] : [key, value];
  });
  return [
    ...newMount({ type, options: parameters, attributes: READONLY, what, into: mount }),
    attachAt({ mount, directory, name, what }),
  ];
}
