import { setTimeout as sleep } from 'node:timers/promises';

import { ERRNO, SIG, syscall } from '@ns/syscall';

import { directoryIn } from './apply.js';
import type { Patience } from './cgroup.js';
import { writeControl } from './control-file.js';
import { late } from './errors.js';
import { waitForFile } from './file-events.js';
import { freezerOf, freezeV1 } from './freeze.js';
import type { CgroupLayout } from './layout.js';
import { processesIn, trackingHierarchy } from './processes.js';

const GONE = [ERRNO.ENOENT, ERRNO.ENODEV];

/** See `Cgroup.kill`. */
export async function kill(
  layout: CgroupLayout,
  path: string,
  { timeoutMs = 10_000 }: Patience,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  const directories = layout.hierarchies.map((hierarchy) => directoryIn(hierarchy, path));
  const { unified } = layout;
  if (unified !== undefined) await killUnified(directoryIn(unified, path), until);
  // On version 1 a process may have been moved in some of the hierarchies: none of them is left out.
  for (const directory of unified === undefined || layout.kind === 'hybrid' ? directories : []) {
    await killLoop(layout, path, directory, until);
  }
  const tracking = trackingHierarchy(layout);
  const left = tracking === undefined ? [] : processesIn(directoryIn(tracking, path));
  if (left.length === 0) return;
  throw late(`${left.length} processes of cgroup ${path} do not end: ${left.slice(0, 5).join(', ')}`, {
    hint: 'they are in a system call that cannot be interrupted, such as one on a dead network file system',
  });
}

/** `cgroup.kill` (Linux 5.14) also kills what is being forked; before, the group is frozen and killed one by one. */
async function killUnified(directory: string, until: number): Promise<void> {
  const isEmpty = (text: string): boolean => /^populated 0$/m.test(text);
  const result = writeControl(`${directory}/cgroup.kill`, '1', GONE);
  if (result !== 0) {
    // No such file, or no such group: the loop finds nothing then.
    if (writeControl(`${directory}/cgroup.freeze`, '1', GONE) !== 0) return;
    while (performance.now() < until && sendKill(directory)) await sleep(1);
  }
  await waitForFile(`${directory}/cgroup.events`, isEmpty, Math.max(0, until - performance.now()));
  // A group that was frozen, by us or before, can be used again.
  writeControl(`${directory}/cgroup.freeze`, '0', GONE);
}

/**
 * Version 1: kill what is there until nothing is. Frozen meanwhile, so that nothing can be forked out of the loop.
 */
async function killLoop(layout: CgroupLayout, path: string, directory: string, until: number): Promise<void> {
  const freezer = freezerOf(layout, path);
  for (let pauseMs = 0; processesIn(directory).length > 0; pauseMs = Math.min(pauseMs * 2 + 1, 20)) {
    if (freezer?.version === 1) await freezeV1(freezer.directory, 50);
    sendKill(directory);
    // A process that is frozen dies when it thaws.
    if (freezer?.version === 1) writeControl(`${freezer.directory}/freezer.state`, 'THAWED', GONE);
    if (performance.now() >= until) return;
    await sleep(pauseMs);
  }
}

/** Send SIGKILL to everything in a directory and below. False when there was nothing. */
function sendKill(directory: string): boolean {
  const pids = processesIn(directory);
  for (const pid of pids) {
    const purpose = { what: `kill process ${pid} of ${directory}`, expected: [ERRNO.ESRCH] };
    syscall(purpose, 'kill', pid, SIG.SIGKILL);
  }
  return pids.length > 0;
}
