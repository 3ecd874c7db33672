import { existsSync } from 'node:fs';

import { NsError } from '@ns/errors';

import { directoryIn } from './apply.js';
import type { Cgroup, Patience } from './cgroup.js';
import { writeControl } from './control-file.js';
import { watchGroup, type CgroupEvents, type CgroupWatcher } from './events.js';
import { freeze, isFrozen, thaw } from './freeze.js';
import { openForJoin, type JoinHandle, type JoinOptions } from './join.js';
import { kill } from './kill.js';
import { hierarchyOf, knownLayout, type CgroupLayout } from './layout.js';
import { cgroupPath } from './path.js';
import { processesOf } from './processes.js';
import { remove } from './remove.js';
import type { Resources } from './resources.js';
import { statsOf, type CgroupStats } from './stats/index.js';
import { oomKillsOf } from './stats/memory.js';
import { update } from './update.js';

/** A cgroup of this machine: nothing but its path, everything else is asked of the kernel. */
export class HostCgroup implements Cgroup {
  readonly layout: CgroupLayout;
  readonly path: string;

  constructor(layout: CgroupLayout, path: string) {
    this.layout = layout;
    this.path = path;
  }

  get exists(): boolean {
    return this.layout.hierarchies.some((hierarchy) => existsSync(directoryIn(hierarchy, this.path)));
  }

  directory(controller: string): string | undefined {
    const { unified } = this.layout;
    const hierarchy = controller === 'unified' ? unified : hierarchyOf(this.layout, controller);
    return hierarchy && directoryIn(hierarchy, this.path);
  }

  update(resources: Resources): void {
    update(this.layout, this.path, resources);
  }

  stats(): CgroupStats {
    return statsOf(this.layout, this.path);
  }

  oomKills(): number {
    const hierarchy = hierarchyOf(this.layout, 'memory');
    return hierarchy === undefined ? 0 : oomKillsOf(hierarchy.version, directoryIn(hierarchy, this.path));
  }

  processes(): number[] {
    return processesOf(this.layout, this.path);
  }

  add(pid: number): void {
    for (const hierarchy of this.layout.hierarchies) {
      writeControl(`${directoryIn(hierarchy, this.path)}/cgroup.procs`, String(pid));
    }
  }

  openForJoin(options?: JoinOptions): JoinHandle {
    return openForJoin(this.layout, this.path, options);
  }

  async freeze(patience: Patience = {}): Promise<void> {
    await freeze(this.layout, this.path, patience);
  }

  thaw(): void {
    thaw(this.layout, this.path);
  }

  get isFrozen(): boolean {
    return isFrozen(this.layout, this.path);
  }

  async kill(patience: Patience = {}): Promise<void> {
    await kill(this.layout, this.path, patience);
  }

  async remove(patience: Patience = {}): Promise<void> {
    await remove(this.layout, this.path, patience);
  }

  watch(events: CgroupEvents): CgroupWatcher {
    return watchGroup(this.layout, this.path, events);
  }
}

/**
 * A cgroup that exists, by its path below the mount points: after a restart, or one that somebody else made.
 *
 * @throws NsError `ERR_NS_NOT_FOUND` when no hierarchy has it; `ERR_NS_INVALID_ARGUMENT` for a path that is none.
 */
export function openCgroup(path: string, layout: CgroupLayout = knownLayout()): Cgroup {
  const group = new HostCgroup(layout, cgroupPath(path));
  if (group.exists) return group;
  throw new NsError('ERR_NS_NOT_FOUND', {
    operation: 'cgroups',
    message: `there is no cgroup ${path}`,
    path,
    hint: 'paths are those below the mount points of cgroups: see /proc/PID/cgroup of a process in it',
  });
}
