/**
 * Constants of `<sys/epoll.h>`.
 */

/** Events and flags of epoll(7). */
export const EPOLL = {
  EPOLLIN: 0x1,
  EPOLLPRI: 0x2,
  EPOLLOUT: 0x4,
  EPOLLERR: 0x8,
  EPOLLHUP: 0x10,
  EPOLLRDHUP: 0x2000,
  EPOLLEXCLUSIVE: 0x10000000,
  EPOLLWAKEUP: 0x20000000,
  EPOLLONESHOT: 0x40000000,
  EPOLLET: 0x80000000,
  EPOLL_CLOEXEC: 0x80000,
} as const;

/** Operations of epoll_ctl(2). */
export const EPOLL_CTL = {
  EPOLL_CTL_ADD: 1,
  EPOLL_CTL_DEL: 2,
  EPOLL_CTL_MOD: 3,
} as const;
