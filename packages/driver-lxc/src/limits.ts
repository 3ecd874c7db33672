import { planResources, type CgroupLayout, type Resources } from '@ns/cgroups';

import { configLine } from './config-line.js';

/** The hierarchies that LXC is shown: it refuses a version 2 one beside those of version 1. */
export function layoutOfLxc(layout: CgroupLayout): CgroupLayout {
  if (layout.kind !== 'hybrid') return layout;
  const { unified, ...rest } = layout;
  return { ...rest, kind: 'v1', hierarchies: layout.hierarchies.filter((each) => each !== unified) };
}

/**
 * Limits as lines of a configuration: LXC writes them before the container's first process runs. Pure.
 *
 * @param layout - From {@link layoutOfLxc}.
 * @throws NsError `ERR_NS_UNSUPPORTED` for what this layout cannot limit.
 */
export function limitLines(resources: Resources, layout: CgroupLayout): string[] {
  const { devices, ...others } = resources;
  const isUnified = layout.kind === 'v2';
  const { writes } = planResources(isUnified ? others : resources, layout);
  const lines = writes
    // A file that the kernel may lack stays as it is: LXC would take that for a failure.
    .filter(({ otherwise }) => otherwise === undefined)
    .map(({ file, value }) => configLine(`${isUnified ? 'lxc.cgroup2' : 'lxc.cgroup'}.${file}`, value));
  // There are no files for devices on version 2: LXC makes a program of what version 1 would be told.
  const rules = isUnified && devices !== undefined ? planResources({ devices }, DEVICES_ONLY).writes : [];
  return [...lines, ...rules.map(({ file, value }) => configLine(`lxc.cgroup2.${file}`, value))];
}

const DEVICES_ONLY: CgroupLayout = {
  kind: 'v1',
  hierarchies: [{ version: 1, mountPoint: '/sys/fs/cgroup/devices', controllers: ['devices'], ownPath: '/' }],
};
