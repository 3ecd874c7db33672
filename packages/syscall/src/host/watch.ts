import { native } from './native.js';

/** What a descriptor is ready for. `disconnect`: the other end is gone. */
export interface Readiness {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly disconnect: boolean;
}

/** A descriptor in the event loop. */
export interface Watcher extends Disposable {
  /** Stop watching. Before the descriptor is closed. */
  close(): void;
  /** Let the process end although this is watched. */
  unref(): void;
  /** Undo {@link unref}. */
  ref(): void;
}

/**
 * Call back whenever a descriptor is ready. See poll(2).
 *
 * @remarks
 * Level-triggered, through Node's own event loop: pipes, sockets, terminals, pidfds, inotify, eventfd, netlink. The
 * callback comes again until the cause is gone, so read what there is, or close the watcher.
 *
 * Makes the open file non-blocking, for everybody who shares it. One watcher per descriptor.
 *
 * @throws Error EPERM for a regular file or directory, EEXIST for a descriptor that is watched already.
 *
 * @example Learn of the end of a process
 * ```ts
 * const pidfd = pidfdOpen(pid);
 * const watcher = watch(pidfd.fd, { readable: true }, () => {
 *   watcher.close();
 *   console.log(waitPidfd(pidfd.fd));
 *   pidfd.close();
 * });
 * ```
 */
export function watch(
  fd: number,
  events: { readonly readable?: boolean; readonly writable?: boolean; readonly disconnect?: boolean },
  callback: (ready: Readiness) => void,
): Watcher {
  const handle = native().koffi.node.poll(fd, events, callback);
  let open = true;
  const close = (): void => {
    if (open) handle.close();
    open = false;
  };
  return {
    close,
    unref: () => handle.unref(),
    ref: () => handle.ref(),
    [Symbol.dispose]: close,
  };
}
