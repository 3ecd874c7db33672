/**
 * Numbers of the descriptors that virsh passes on to the container's first process, from 3 on and without a gap. The first
 * two are the inner program's own.
 */
export const PASSED = {
  first: 3,
  stdin: 5,
  stdout: 6,
  stderr: 7,
  /** A detached mount that has the container's root, and the sources of its bind mounts: see {@link TREE}. */
  tree: 8,
  /** The supervisor's end of the line to the launcher. */
  line: 9,
  /** An rtnetlink socket of the host's net namespace; without a network nothing. */
  route: 10,
  /** The devpts with the container's terminal; without one nothing. */
  devpts: 11,
  /** The first of the descriptors by which the container's cgroup is joined. */
  cgroup: 12,
} as const;

/** Numbers that only the launcher has. */
export const LAUNCHER = {
  /** Where a failing step is written down. */
  failure: 40,
  /** The description of the domain, which virsh reads. */
  domain: 41,
  /** The launcher's end of the line to the supervisor. */
  line: 42,
} as const;

/** Paths in the container before it has its own root. */
export const TREE = {
  /** Where the tree is attached: a directory of what libvirt takes for the root. */
  at: '/ns',
  root: '/ns/root',
  /** The source of a bind mount, by its number among the mounts. */
  source: (index: number): string => `/ns/mounts/${index}`,
} as const;
