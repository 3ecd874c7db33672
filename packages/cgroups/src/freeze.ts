import { setTimeout as sleep } from 'node:timers/promises';

import { directoryIn } from './apply.js';
import type { Patience } from './cgroup.js';
import { readControlIfAny, writeControl } from './control-file.js';
import { late, unsupported } from './errors.js';
import { waitForFile } from './file-events.js';
import { hierarchyOf, type CgroupLayout } from './layout.js';

/** How a group is frozen. */
interface Freezer {
  readonly version: 1 | 2;
  readonly directory: string;
}

/** Version 2 where it is mounted, also beside version 1: its frozen processes can be killed. */
export function freezerOf(layout: CgroupLayout, path: string): Freezer | undefined {
  if (layout.unified !== undefined) return { version: 2, directory: directoryIn(layout.unified, path) };
  const hierarchy = hierarchyOf(layout, 'freezer');
  return hierarchy && { version: 1, directory: directoryIn(hierarchy, path) };
}

function required(layout: CgroupLayout, path: string): Freezer {
  const freezer = freezerOf(layout, path);
  if (freezer !== undefined) return freezer;
  throw unsupported('there is no freezer on this machine', {
    hint: 'mount cgroup2, or the freezer controller of version 1',
  });
}

/** See `Cgroup.freeze`. */
export async function freeze(
  layout: CgroupLayout,
  path: string,
  { timeoutMs = 10_000 }: Patience,
): Promise<void> {
  const { version, directory } = required(layout, path);
  const isDone = version === 2 ? await freezeV2(directory, timeoutMs) : await freezeV1(directory, timeoutMs);
  if (isDone) return;
  thaw(layout, path);
  throw late(`cgroup ${path} did not freeze within ${timeoutMs} ms, and runs on`, {
    path: directory,
    hint: 'a process is in a system call that cannot be interrupted: try again',
  });
}

/** The kernel also catches processes that are being forked, and tells when all stand still. See cgroup-v2.rst. */
async function freezeV2(directory: string, timeoutMs: number): Promise<boolean> {
  writeControl(`${directory}/cgroup.freeze`, '1');
  return waitForFile(`${directory}/cgroup.events`, (text) => /^frozen 1$/m.test(text), timeoutMs);
}

/** Reading the state is what makes the kernel finish: a process that was forked meanwhile makes it FREEZING again. */
export async function freezeV1(directory: string, timeoutMs: number): Promise<boolean> {
  const file = `${directory}/freezer.state`;
  const until = performance.now() + timeoutMs;
  for (let pauseMs = 0; ; pauseMs = Math.min(pauseMs * 2 + 1, 20)) {
    writeControl(file, 'FROZEN');
    if (readControlIfAny(file)?.trim() === 'FROZEN') return true;
    if (performance.now() >= until) return false;
    await sleep(pauseMs);
  }
}

/** See `Cgroup.thaw`. */
export function thaw(layout: CgroupLayout, path: string): void {
  const { version, directory } = required(layout, path);
  if (version === 2) writeControl(`${directory}/cgroup.freeze`, '0');
  else writeControl(`${directory}/freezer.state`, 'THAWED');
}

/** See `Cgroup.isFrozen`. */
export function isFrozen(layout: CgroupLayout, path: string): boolean {
  const freezer = freezerOf(layout, path);
  if (freezer === undefined) return false;
  if (freezer.version === 1) {
    return (readControlIfAny(`${freezer.directory}/freezer.state`) ?? 'THAWED').trim() !== 'THAWED';
  }
  return (
    readControlIfAny(`${freezer.directory}/cgroup.freeze`)?.trim() === '1' ||
    /^frozen 1$/m.test(readControlIfAny(`${freezer.directory}/cgroup.events`) ?? '')
  );
}
