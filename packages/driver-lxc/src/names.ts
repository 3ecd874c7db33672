import { createHash } from 'node:crypto';
import { posix } from 'node:path';

/** The cgroups of a container, by their paths below the mount points of the hierarchies. */
export interface CgroupPaths {
  /** Its own. */
  readonly container: string;
  /** That of lxc-start while it watches over the container. */
  readonly monitor: string;
  /** Where lxc-start goes to remove the other two. */
  readonly pivot: string;
}

/**
 * Where the cgroups of a container are. LXC's own choice, `lxc.payload.NAME`, is the same for every state root.
 *
 * @param told - The path that the spec asks for.
 */
export function cgroupPaths(id: string, stateRoot: string, told?: string): CgroupPaths {
  const root = createHash('sha256').update(posix.resolve(stateRoot)).digest('hex').slice(0, 12);
  const base = `/ns-lxc-${root}-${id}`;
  return { container: told ?? base, monitor: `${base}.monitor`, pivot: `${base}.pivot` };
}

/** The files of a container's state directory. */
export const FILES = {
  /** The configuration that lxc-start reads. */
  config: 'config',
  /** What LXC logs: its errors, the pid of the first process, and how that ended. */
  log: 'log',
  /** Everything that a later process needs to know of the container, in JSON. */
  facts: 'lxc.json',
  /** What the programs around the container's start say of a failure. */
  failure: 'failure',
  /** What was noted down when the container had ended, before LXC removed its cgroup. */
  end: 'end',
  launch: 'launch.elf',
  mount: 'mount.elf',
  note: 'note.elf',
} as const;
