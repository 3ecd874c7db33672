import { ERRNO, IN, OwnedFd, readAvailable, syscall, watch, type Watcher } from '@ns/syscall';

import { readControlIfAny } from './control-file.js';

type Listener = () => void;

/**
 * All control files that somebody waits for, on one inotify instance: a user may have 128 of them.
 */
interface Hub {
  readonly inotify: OwnedFd;
  readonly watcher: Watcher;
  readonly listeners: Map<number, Set<Listener>>;
}

let hub: Hub | undefined;

function open(): Hub {
  const flags = IN.IN_CLOEXEC | IN.IN_NONBLOCK;
  const inotify = new OwnedFd(syscall('open an inotify instance', 'inotify_init1', flags));
  const listeners: Hub['listeners'] = new Map();
  const watcher = watch(inotify.fd, { readable: true }, () => dispatch(inotify, listeners));
  // Whoever waits keeps the process alive; who only listens does not.
  watcher.unref();
  return { inotify, watcher, listeners };
}

/** `struct inotify_event`: watch, mask, cookie, length of the name. Control files have no names here. */
const EVENT_SIZE = 16;

function dispatch(inotify: OwnedFd, listeners: Hub['listeners']): void {
  const events = inotify.isOpen ? readAvailable(inotify.fd, 4096) : undefined;
  if (events === undefined) return;
  const woken = new Set<Listener>();
  for (let at = 0; at + EVENT_SIZE <= events.length; at += EVENT_SIZE + events.readUInt32LE(at + 12)) {
    for (const listener of listeners.get(events.readInt32LE(at)) ?? []) woken.add(listener);
  }
  for (const listener of woken) listener();
}

/**
 * Call back when the kernel changes a control file of version 2, such as `cgroup.events`. See inotify(7).
 *
 * @returns `undefined` when there is no such file.
 */
export function onChange(path: string, listener: Listener): Disposable | undefined {
  hub ??= open();
  const { inotify, listeners } = hub;
  const purpose = {
    what: `watch ${path}`,
    path,
    expected: [ERRNO.ENOENT, ERRNO.ENODEV],
    hints: { ENOSPC: 'see /proc/sys/fs/inotify/max_user_watches' },
  };
  const descriptor = syscall(purpose, 'inotify_add_watch', inotify.fd, path, IN.IN_MODIFY);
  if (descriptor < 0) {
    closeIfUnused();
    return undefined;
  }
  const own = listeners.get(descriptor) ?? new Set();
  listeners.set(descriptor, own.add(listener));
  return {
    [Symbol.dispose]: () => {
      own.delete(listener);
      if (own.size > 0 || listeners.get(descriptor) !== own) return;
      listeners.delete(descriptor);
      // The kernel drops the watch of a file that is gone by itself.
      const removal = { what: `stop watching ${path}`, expected: [ERRNO.EINVAL] };
      if (inotify.isOpen) syscall(removal, 'inotify_rm_watch', inotify.fd, descriptor);
      closeIfUnused();
    },
  };
}

function closeIfUnused(): void {
  if (hub === undefined || hub.listeners.size > 0) return;
  hub.watcher.close();
  hub.inotify.close();
  hub = undefined;
}

/** Resolves to true when a control file says something, or is gone; to false after the time limit. */
export async function waitForFile(
  path: string,
  isSo: (text: string) => boolean,
  timeoutMs: number,
): Promise<boolean> {
  const check = (): boolean => {
    const text = readControlIfAny(path);
    return text === undefined || isSo(text);
  };
  if (check()) return true;
  return new Promise((resolve, reject) => {
    let watching: Disposable | undefined;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      watching?.[Symbol.dispose]();
      settle();
    };
    const look = (): void => {
      try {
        if (check()) finish(() => resolve(true));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(() => finish(() => resolve(false)), timeoutMs);
    try {
      watching = onChange(path, look);
    } catch (error) {
      finish(() => reject(error));
      return;
    }
    // It may have changed before we listened.
    look();
  });
}
