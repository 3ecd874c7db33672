/**
 * Constants of `<linux/pidfd.h>`, `<linux/fcntl.h>`.
 */

/** Flags of pidfd_open(2). `PIDFD_THREAD` is Linux 6.9. */
export const PIDFD = {
  PIDFD_NONBLOCK: 0o4000,
  PIDFD_THREAD: 0o200,
} as const;

/** Flags of pidfd_send_signal(2), Linux 6.9. */
export const PIDFD_SIGNAL = {
  PIDFD_SIGNAL_THREAD: 0x1,
  PIDFD_SIGNAL_THREAD_GROUP: 0x2,
  PIDFD_SIGNAL_PROCESS_GROUP: 0x4,
} as const;

/** Requests of ioctl(2) on a pidfd: descriptors of its namespaces, Linux 6.11. */
export const PIDFD_GET = {
  PIDFD_GET_CGROUP_NAMESPACE: 0xff01,
  PIDFD_GET_IPC_NAMESPACE: 0xff02,
  PIDFD_GET_MNT_NAMESPACE: 0xff03,
  PIDFD_GET_NET_NAMESPACE: 0xff04,
  PIDFD_GET_PID_NAMESPACE: 0xff05,
  PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE: 0xff06,
  PIDFD_GET_TIME_NAMESPACE: 0xff07,
  PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE: 0xff08,
  PIDFD_GET_USER_NAMESPACE: 0xff09,
  PIDFD_GET_UTS_NAMESPACE: 0xff0a,
} as const;
