import type { NsError } from '@ns/errors';
import { ERRNO } from '@ns/syscall';

import { writeControls } from './control-file.js';
import { unsupported } from './errors.js';
import { hierarchyOf, type CgroupHierarchy, type CgroupLayout } from './layout.js';
import type { ControlWrite } from './plan.js';

/** The directory of a cgroup in a hierarchy. */
export const directoryIn = ({ mountPoint }: CgroupHierarchy, path: string): string =>
  path === '/' ? mountPoint : mountPoint + path;

/** Make the writes of a plan, in order, in the cgroup at `path` below each hierarchy's mount point. */
export function applyWrites(
  layout: CgroupLayout,
  path: string,
  writes: readonly ControlWrite[],
  onUnsupported?: (error: NsError) => void,
): void {
  for (let at = 0; at < writes.length;) {
    const first = writes[at];
    if (first === undefined) break;
    // A dozen device rules go to one file, which is opened once.
    let end = at + 1;
    while (sameFile(first, writes[end])) end++;
    const values = writes.slice(at, end).map(({ value }) => value);
    at = end;
    const missing = applyWrite(layout, path, first, values);
    if (missing === undefined) continue;
    if (onUnsupported === undefined) throw missing;
    onUnsupported(missing);
  }
}

const sameFile = (first: ControlWrite, next: ControlWrite | undefined): boolean =>
  first.otherwise === undefined &&
  next?.otherwise === undefined &&
  next?.file === first.file &&
  next.controller === first.controller;

/** What is missing, if something is. */
function applyWrite(
  layout: CgroupLayout,
  path: string,
  { controller, file, value, otherwise }: ControlWrite,
  values: readonly string[],
): NsError | undefined {
  const hierarchy = controller === 'unified' ? layout.unified : hierarchyOf(layout, controller);
  if (hierarchy === undefined) return unsupported(`there is no ${controller} controller on this machine`);
  const target = `${directoryIn(hierarchy, path)}/${file}`;
  const result = writeControls(target, values, [ERRNO.ENOENT]);
  if (result === 0) return undefined;
  if (otherwise !== undefined) return firstMissing(layout, path, otherwise);
  return unsupported(`write ${JSON.stringify(value)} to ${target}: the kernel has no such file there`, {
    path: target,
    hint:
      MISSING[file] ??
      `the ${controller} controller is not enabled in this cgroup, or this kernel lacks ${file}`,
  });
}

function firstMissing(
  layout: CgroupLayout,
  path: string,
  writes: readonly ControlWrite[],
): NsError | undefined {
  for (const write of writes) {
    const missing = applyWrite(layout, path, write, [write.value]);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

/** Why a file is missing that others of its controller are there for. */
const MISSING: Readonly<Record<string, string>> = {
  'memory.memsw.limit_in_bytes': 'boot with swapaccount=1 to limit swap',
  'memory.swap.max': 'the kernel was built or booted without swap accounting: swapaccount=1',
  'io.weight': 'weights need the BFQ scheduler, or a kernel with CONFIG_BLK_CGROUP_IOCOST',
  'blkio.weight': 'weights need the BFQ scheduler: echo bfq > /sys/block/DEVICE/queue/scheduler',
  'cpu.cfs_burst_us': 'bursts need Linux 5.14',
  'cpu.max.burst': 'bursts need Linux 5.14',
  'cpu.idle': 'idle groups need Linux 5.15',
};
