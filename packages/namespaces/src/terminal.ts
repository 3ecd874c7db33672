import {
  AT,
  MAGIC,
  O,
  S,
  STATFS_SIZE,
  TIO,
  call,
  cstr,
  fail,
  group,
  load,
  scratch,
  slot,
  struct,
  when,
} from '@ns/syscall';
import type { Operand, Slot, Step } from '@ns/syscall';

import { receiveFd, sendFd } from './fd-passing.js';
import { invalid } from './invalid.js';
import { attachAt, copyTree } from './mount-attach.js';
import type { WindowSize } from './spec.js';
import { HOW_SIZE, PLAIN_DIRECTORY } from './target.js';

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a side that is not an integer from 0 to 65535. */
export function checkWindowSize(size: WindowSize): void {
  for (const side of ['rows', 'columns'] as const) {
    const value = size[side];
    if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
      throw invalid('terminal', `${value} ${side} are not between 0 and 65535`);
    }
  }
}

/** What {@link openTerminal} needs. */
export interface TerminalOptions {
  /** The container's own devpts: from {@link defaultMounts}, or {@link openContainerPts} for a process that joins. */
  readonly pts: Operand;
  readonly size: WindowSize;
  /** Unix sockets to each of which the master is sent: the monitor's, which keeps it, and the engine's. */
  readonly sockets: readonly Operand[];
  /** Gets the terminal's descriptor, for {@link useTerminal} and {@link bindConsole}. */
  readonly into: Slot;
}

/**
 * In the container's first process: create a terminal in its devpts, with its first size, and send the master away.
 *
 * @remarks
 * Before {@link pivotRoot}. See pty(7). The slave is opened from the master (`TIOCGPTPEER`), not by a name that could
 * mean something else. The size is set before the program starts, so that its first look is right.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` as {@link checkWindowSize}.
 */
export function openTerminal(options: TerminalOptions): readonly Step[] {
  const { pts, size, sockets, into } = options;
  checkWindowSize(size);
  const master = slot('master');
  const unlocked = struct([['lock', 4, 0]]);
  const window = struct([
    ['ws_row', 2, size.rows],
    ['ws_col', 2, size.columns],
    ['ws_xpixel', 2, 0],
    ['ws_ypixel', 2, 0],
  ]);
  return [
    group(
      'terminal',
      call('openat', [pts, cstr('ptmx'), O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC, 0], {
        what: "open a terminal in the container's devpts",
        into: master,
        hints: { ENOSPC: 'no terminal is left: see /proc/sys/kernel/pty/max' },
      }),
      call('ioctl', [master, TIO.TIOCSPTLCK, unlocked], { what: 'unlock the terminal' }),
      call('ioctl', [master, TIO.TIOCGPTPEER, O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC], {
        what: "open the terminal's slave",
        into,
      }),
      call('ioctl', [into, TIO.TIOCSWINSZ, window], {
        what: `set the terminal's size to ${size.columns} by ${size.rows}`,
      }),
      sockets.flatMap((socket) => sendFd({ socket, fd: master, what: "send the terminal's master" })),
    ),
  ];
}

/** In the monitor: receive the terminal's master and keep it, so that the terminal outlives the engine. */
export const receiveTerminal = (options: {
  readonly socket: Operand;
  readonly into: Slot;
  /** What is done when the child has ended before. */
  readonly closed: readonly Step[];
}): readonly Step[] => receiveFd({ ...options, what: "receive the terminal's master" });

/**
 * Bind the terminal on `/dev/console`, as Docker does.
 *
 * @remarks
 * Before {@link pivotRoot}. Source and target are descriptors of our own devpts and `/dev`: no link of the image is in
 * the way (CVE-2025-52565).
 */
export function bindConsole(options: { readonly terminal: Slot; readonly dev: Slot }): readonly Step[] {
  const tree = slot('console');
  const what = 'bind the terminal on /dev/console';
  return [
    call('mknodat', [options.dev, cstr('console'), S.S_IFREG | 0o600, 0], {
      what: 'create a mount point for /dev/console',
    }),
    copyTree({ directory: options.terminal, recursive: false, what, into: tree }),
    attachAt({ mount: tree, directory: options.dev, name: 'console', what }),
  ];
}

/**
 * Start a session whose controlling terminal this is, and make it standard input, output and error.
 *
 * @param options.owner - The program's user, who gets the terminal; its group stays `tty`.
 */
export function useTerminal(options: { readonly terminal: Slot; readonly owner?: Operand }): readonly Step[] {
  const { terminal, owner } = options;
  const KEEP = 0xffff_ffff;
  return [
    group(
      'controlling terminal',
      owner === undefined || owner === 0
        ? []
        : call('fchown', [terminal, owner, KEEP], { what: 'give the terminal to the user of the program' }),
      // Who leads one already can have its terminal in it.
      call('setsid', [], { what: 'start a session', tolerate: ['EPERM'] }),
      call('ioctl', [terminal, TIO.TIOCSCTTY, 0], { what: 'make it the controlling terminal' }),
      [0, 1, 2].map((fd) => call('dup3', [terminal, fd, 0], { what: `make it descriptor ${fd}` })),
    ),
  ];
}

/** Where `struct statfs` has `f_type`. */
const F_TYPE = 0;

/**
 * In a process that has joined a container (`docker exec -t`): the container's devpts, checked to be one.
 *
 * @remarks
 * What is on `/dev/pts` is the container's doing by now. It is opened without links, and its type is looked at before
 * anything is opened in it.
 */
export function openContainerPts(options: { readonly into: Slot }): readonly Step[] {
  const stat = scratch(STATFS_SIZE, 'statfs');
  const type = slot('file system');
  const path = '/dev/pts';
  const what = "check that the container's /dev/pts is a devpts";
  return [
    group(
      path,
      call('openat2', [AT.AT_FDCWD, cstr(path), PLAIN_DIRECTORY, HOW_SIZE], {
        what: "open the container's /dev/pts",
        object: path,
        into: options.into,
        hints: { ENOENT: 'a terminal needs a devpts on /dev/pts of the container' },
      }),
      call('fstatfs', [options.into, stat], { what, object: path }),
      load(type, stat, F_TYPE, 8),
      when(
        [type, '!=', MAGIC.DEVPTS_SUPER_MAGIC],
        [
          fail('ENODEV', {
            what,
            object: path,
            hints: { ENODEV: 'a terminal needs a devpts on /dev/pts of the container' },
          }),
        ],
      ),
    ),
  ];
}
