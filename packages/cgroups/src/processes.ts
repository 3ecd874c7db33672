import { directoryIn } from './apply.js';
import { readControlIfAny } from './control-file.js';
import { descendantDirectories } from './descendants.js';
import { hierarchyOf, type CgroupHierarchy, type CgroupLayout } from './layout.js';

/** The hierarchy by which a group is followed: version 2 where there is one, for its events. */
export function trackingHierarchy(layout: CgroupLayout): CgroupHierarchy | undefined {
  return (
    layout.unified ?? hierarchyOf(layout, 'freezer') ?? hierarchyOf(layout, 'pids') ?? layout.hierarchies[0]
  );
}

/** The pids in a directory, and in those below it. */
export function processesIn(directory: string): number[] {
  const pids = readPids(directory);
  for (const child of descendantDirectories(directory)) pids.push(...readPids(child));
  return pids;
}

function readPids(directory: string): number[] {
  const text = readControlIfAny(`${directory}/cgroup.procs`) ?? '';
  // A process outside of our pid namespace reads as 0.
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map(Number)
        .filter((pid) => pid > 0);
}

/** The pids in a group, by the hierarchy that it is followed in. */
export function processesOf(layout: CgroupLayout, path: string): number[] {
  const tracking = trackingHierarchy(layout);
  return tracking === undefined ? [] : processesIn(directoryIn(tracking, path));
}
