import { createHash } from 'node:crypto';
import { posix } from 'node:path';

/** What LXC knows a container by. */
export interface Names {
  /** As `lxc-ls --active` shows it; `lxc-info` and the others take it. */
  readonly name: string;
  readonly cgroups: CgroupPaths;
}

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
 * The names of a container. Ids are unique in a state root only, and LXC's own choice of cgroups, `lxc.payload.NAME`, could
 * be anybody's.
 *
 * @param told - The path of the cgroup that the spec asks for.
 */
export function namesOf(id: string, stateRoot: string, told?: string): Names {
  const root = createHash('sha256').update(posix.resolve(stateRoot)).digest('hex').slice(0, 12);
  const name = `ns-lxc-${root}-${id}`;
  const cgroups = { container: told ?? `/${name}`, monitor: `/${name}.monitor`, pivot: `/${name}.pivot` };
  return { name, cgroups };
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
