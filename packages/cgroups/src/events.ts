import { AT, O, OwnedFd, readAvailable, syscall, watch } from '@ns/syscall';

import { directoryIn } from './apply.js';
import { readControlIfAny, writeControl } from './control-file.js';
import { unsupported } from './errors.js';
import { onChange } from './file-events.js';
import { hierarchyOf, type CgroupLayout } from './layout.js';
import { oomKillsOf } from './stats/memory.js';

/** What can be told of a group. */
export interface CgroupEvents {
  /**
   * A process was killed because memory ran out, or would have been if `oomKillDisable` were not set (version 1). `kills`
   * is how many were since the group was made.
   */
  readonly oom?: (kills: number) => void;
  /** The last process has ended. Needs version 2 or hybrid. Comes again when the group was used again. */
  readonly emptied?: () => void;
}

/** Stops the events. */
export interface CgroupWatcher extends Disposable {
  /** Stop. No event comes after that. */
  close(): void;
}

/** See `Cgroup.watch`. */
export function watchGroup(
  layout: CgroupLayout,
  path: string,
  { oom, emptied }: CgroupEvents,
): CgroupWatcher {
  const parts: Disposable[] = [];
  const close = (): void => {
    for (const part of parts.splice(0)) part[Symbol.dispose]();
  };
  try {
    if (emptied !== undefined) parts.push(watchEmptied(layout, path, emptied));
    if (oom !== undefined) parts.push(watchOom(layout, path, oom));
  } catch (error) {
    close();
    throw error;
  }
  return { close, [Symbol.dispose]: close };
}

function watchEmptied(layout: CgroupLayout, path: string, emptied: () => void): Disposable {
  if (layout.unified === undefined) {
    throw unsupported('version 1 does not tell when a group is emptied', {
      hint: 'mount cgroup2 beside it: mount -t cgroup2 none /sys/fs/cgroup/unified',
    });
  }
  const file = `${directoryIn(layout.unified, path)}/cgroup.events`;
  const state = { wasPopulated: false, frozen: '' };
  // The kernel tells at most every 10 ms: of a group that was filled and emptied between, no more than that something
  // has happened.
  const look = (isEvent: boolean): void => {
    const text = readControlIfAny(file);
    if (text === undefined) return;
    const isPopulated = /^populated 1$/m.test(text);
    const frozen = /^frozen (\d)$/m.exec(text)?.[1] ?? '';
    const isNews = state.wasPopulated || (isEvent && frozen === state.frozen);
    state.wasPopulated = isPopulated;
    state.frozen = frozen;
    if (!isPopulated && isNews) emptied();
  };
  const watching = onChange(file, () => look(true));
  if (watching === undefined) throw gone(path);
  look(false);
  return watching;
}

function watchOom(layout: CgroupLayout, path: string, oom: (kills: number) => void): Disposable {
  const memory = hierarchyOf(layout, 'memory');
  if (memory === undefined) throw unsupported('there is no memory controller on this machine');
  const directory = directoryIn(memory, path);
  if (memory.version === 1) return watchOomV1(directory, oom);
  let known = oomKillsOf(2, directory);
  const watching = onChange(`${directory}/memory.events`, () => {
    const kills = oomKillsOf(2, directory);
    if (kills > known) oom(kills);
    known = kills;
  });
  if (watching === undefined) throw gone(path);
  return watching;
}

/** An eventfd that the kernel counts up: memory.rst of version 1, "OOM Control". It does so at removal too. */
function watchOomV1(directory: string, oom: (kills: number) => void): Disposable {
  const file = `${directory}/memory.oom_control`;
  const eventfd = new OwnedFd(syscall('make an eventfd', 'eventfd2', 0, O.O_CLOEXEC | O.O_NONBLOCK));
  try {
    const purpose = { what: `open ${file}`, path: file };
    const flags = O.O_RDONLY | O.O_CLOEXEC;
    using control = new OwnedFd(syscall(purpose, 'openat', AT.AT_FDCWD, file, flags, 0));
    // The kernel holds both files from here on.
    writeControl(`${directory}/cgroup.event_control`, `${eventfd.fd} ${control.fd}`);
    const watcher = watch(eventfd.fd, { readable: true }, () => {
      if (readAvailable(eventfd.fd, 8) === undefined) return;
      if (readControlIfAny(file) !== undefined) oom(oomKillsOf(1, directory));
    });
    watcher.unref();
    return {
      [Symbol.dispose]: () => {
        watcher.close();
        eventfd.close();
      },
    };
  } catch (error) {
    eventfd.close();
    throw error;
  }
}

const gone = (path: string): Error =>
  unsupported(`cgroup ${path} has no events: it was removed, or its memory controller is not enabled`);
