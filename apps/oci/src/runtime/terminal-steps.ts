import { attach, copyTree, openTarget, openTerminal } from '@ns/namespaces';
import {
  call,
  fail,
  group,
  load,
  MAGIC,
  scratch,
  slot,
  STATFS_SIZE,
  when,
  type Operand,
  type Slot,
  type Step,
} from '@ns/syscall';

import type { ProcessPlan } from '../plan.js';

/** Where `struct statfs` has `f_type`. */
const F_TYPE = 0;

/** `/dev/pts` of a container in which it is no mount of its own, checked to be one. */
export function findPts({
  rootFd,
  into,
}: {
  readonly rootFd: Operand;
  readonly into: Slot;
}): readonly Step[] {
  const stat = scratch(STATFS_SIZE, 'statfs');
  const type = slot('file system');
  const path = '/dev/pts';
  const what = 'check that /dev/pts is a devpts';
  const hints = { ENODEV: 'a terminal needs a devpts on /dev/pts: add it to the mounts' };
  return [
    ...openTarget({ rootFd, path, kind: 'directory', plain: true, what: 'find /dev/pts', into }),
    call('fstatfs', [into, stat], { what, object: path }),
    load(type, stat, F_TYPE, 8),
    when([type, '!=', MAGIC.DEVPTS_SUPER_MAGIC], [fail('ENODEV', { what, object: path, hints })]),
  ];
}

/** Make a terminal in the container's devpts, and send its master away. */
export const openConsole = (options: {
  readonly pts: Operand;
  readonly process: ProcessPlan;
  readonly socket: number;
  readonly into: Slot;
}): readonly Step[] =>
  openTerminal({
    pts: options.pts,
    size: options.process.consoleSize ?? { rows: 0, columns: 0 },
    sockets: [options.socket],
    into: options.into,
  });

/**
 * Bind the terminal on `/dev/console`: by descriptors, and not through a link (CVE-2025-52565).
 */
export function bindConsole(options: { readonly terminal: Slot; readonly rootFd: Operand }): readonly Step[] {
  const { terminal, rootFd } = options;
  const tree = slot('console');
  const target = slot('/dev/console');
  const path = '/dev/console';
  const what = `bind the terminal on ${path}`;
  return [
    group(
      path,
      openTarget({ rootFd, path, kind: 'file', plain: true, what, into: target }),
      copyTree({ directory: terminal, recursive: false, what, into: tree }),
      attach({ mount: tree, target, what, object: path }),
    ),
  ];
}
