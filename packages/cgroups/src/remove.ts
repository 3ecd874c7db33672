import { setTimeout as sleep } from 'node:timers/promises';

import { directoryIn } from './apply.js';
import type { Patience } from './cgroup.js';
import { descendantDirectories } from './descendants.js';
import { removeDirectory } from './directory.js';
import { conflict } from './errors.js';
import type { CgroupLayout } from './layout.js';
import { processesIn } from './processes.js';

/** See `Cgroup.remove`. */
export async function remove(
  layout: CgroupLayout,
  path: string,
  { timeoutMs = 10_000 }: Patience,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  let left = layout.hierarchies.map((hierarchy) => directoryIn(hierarchy, path));
  // A killed process is charged for until it is gone for good: EBUSY means "not yet".
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    left = left.filter((directory) => !removeTree(directory));
    if (left.length === 0) return;
    if (performance.now() >= until) break;
    await sleep(pauseMs);
  }
  const pids = [...new Set(left.flatMap(processesIn))];
  throw conflict(
    `cgroup ${path} cannot be removed: ${pids.length === 0 ? 'it is in use' : `processes ${pids.slice(0, 5).join(', ')} are in it`}`,
    { path: left[0], hint: pids.length === 0 ? 'something else makes groups below it' : 'kill them first' },
  );
}

/** True when the directory, and those below it, are gone. */
function removeTree(directory: string): boolean {
  if (removeDirectory(directory) === 'gone') return true;
  for (const child of descendantDirectories(directory)) removeDirectory(child);
  return removeDirectory(directory) === 'gone';
}
