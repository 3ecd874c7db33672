/**
 * Descriptors that lxc-start inherits and passes on to its hooks and to the container's first process, by number. LXC and
 * the inner program open others, below 49.
 */
export const DESCRIPTOR = {
  /** The program of `lxc.hook.mount`. */
  mount: 51,
  /** The program of `lxc.hook.stop`. */
  note: 52,
  /** The file for records of failures. */
  failure: 53,
  /** An rtnetlink socket of the host's net namespace. */
  route: 54,
  /** `/dev/shm` of the container whose ipc namespace is shared. */
  shm: 55,
  /** The devpts that has the container's terminal. */
  devpts: 49,
  /** The cgroup namespace that is shared. */
  cgroupNamespace: 50,
  /** The container's standard streams: LXC's own go elsewhere, so that what it says is not mistaken for the container's. */
  streams: 56,
  /** The sources of bind mounts, one after the other. */
  sources: 60,
} as const;
