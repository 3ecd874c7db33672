import { EPOLL_CTL } from '../uapi/eventpoll.js';
import { O } from '../uapi/fcntl.js';
import { dupAtLeast, OwnedFd } from './fd.js';
import { native, syscall } from './native.js';

/** What to watch for, and what a descriptor is ready for. */
export interface Readiness {
  /** Data, or the end of it; for a pidfd the end of the process. */
  readonly readable: boolean;
  readonly writable: boolean;
  /** The other end of a socket is closed, or the file failed. */
  readonly disconnect: boolean;
}

/** A descriptor in the event loop. Disposing closes it. */
export interface Watcher extends Disposable {
  /** Stop watching. The callback does not come again. */
  close(): void;
  /** Let the process end although this is watched. */
  unref(): void;
  /** Undo {@link unref}. */
  ref(): void;
}

const NOTHING: Readiness = { readable: false, writable: false, disconnect: false };

type Handle = ReturnType<ReturnType<typeof native>['koffi']['node']['poll']>;

/** Handles that are not closed: koffi stops one that is collected, without a word. */
const open = new Set<Handle>();

/**
 * Call back whenever a descriptor is ready. See poll(2).
 *
 * @remarks
 * Through Node's own event loop, for pipes, sockets, terminals, pidfds, inotify, eventfd, netlink. Level-triggered: the
 * callback comes again until the cause is gone, so it reads what there is or closes the watcher. It may throw and use
 * promises like every callback of Node.
 *
 * Watches a duplicate: the caller may close the descriptor at any time, but the file stays open until the watcher is
 * closed. The open file becomes non-blocking, for everybody who shares it.
 *
 * @throws SyscallError EPERM for a file that is always ready: a regular file, a directory, `/dev/null`.
 *
 * @example Learn of the end of a process
 * ```ts
 * using pidfd = pidfdOpen(pid);
 * const watcher = watch(pidfd.fd, { readable: true }, () => {
 *   watcher.close();
 *   console.log(waitPid(pid));
 * });
 * ```
 */
export function watch(fd: number, events: Partial<Readiness>, callback: (ready: Readiness) => void): Watcher {
  assertPollable(fd);
  // libuv knows descriptors by number, and one it knows already cannot be watched again.
  const own = dupAtLeast(fd);
  const deliver = (failed: boolean, ready: Readiness): void => {
    if (!open.has(handle)) return;
    // libuv stops at a file that failed and names nothing: let the caller find out by reading or writing.
    const { readable = false, writable = false } = events;
    callback(failed ? { readable, writable, disconnect: true } : ready);
  };
  // koffi passes a status before the events, which its types leave out. It calls from outside of Node's callback scope,
  // where an exception would hang the loop and promises would not run: an immediate runs in the same turn, inside one.
  const handle: Handle = native().koffi.node.poll(own.fd, events, (...args: Readiness[]) => {
    setImmediate(deliver, Number(args[0]) < 0, args.at(-1) ?? NOTHING);
  });
  open.add(handle);
  const close = (): void => {
    if (!open.delete(handle)) return;
    handle.close();
    own.close();
  };
  // koffi hands a closed handle to libuv as a null pointer.
  const whileOpen = (act: () => void) => (): void => {
    if (open.has(handle)) act();
  };
  return {
    close,
    unref: whileOpen(() => handle.unref()),
    ref: whileOpen(() => handle.ref()),
    [Symbol.dispose]: close,
  };
}

/** What epoll_ctl(2) says to a descriptor: koffi ends the process where libuv refuses one. */
function assertPollable(fd: number): void {
  const epoll = new OwnedFd(syscall('create an epoll instance', 'epoll_create1', O.O_CLOEXEC));
  try {
    // struct epoll_event: no events wanted. Packed to 12 bytes on x86-64, 16 elsewhere.
    syscall(`watch descriptor ${fd}`, 'epoll_ctl', epoll.fd, EPOLL_CTL.EPOLL_CTL_ADD, fd, Buffer.alloc(16));
  } finally {
    epoll.close();
  }
}
