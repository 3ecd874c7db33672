import {
  AF,
  AT,
  CLONE,
  O,
  SIG,
  SOCK,
  call,
  clone,
  cstr,
  exit,
  fail,
  group,
  load,
  scratch,
} from '@ns/syscall';
import { slot, struct, type Operand, type Slot, type Step } from '@ns/syscall';

import { receiveFd, sendFd } from './fd-passing.js';
import { writeMaps } from './id-map.js';
import type { IdMapping } from './spec.js';

/**
 * On the host: a descriptor of a user namespace that has these maps and no process, for an id-mapped mount.
 *
 * @remarks
 * A child lives in the namespace for as long as it takes to write its maps. Needs the right to map the ids: see
 * {@link writeIdMaps}.
 */
export function makeUserNamespace(options: {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
  readonly into: Slot;
}): readonly Step[] {
  const pair = scratch(8, 'socket pair');
  const ours = slot('socket');
  const theirs = slot("child's socket");
  const self = slot("child's /proc");
  const pid = slot('child');
  const what = 'make a user namespace with the id map of a mount';
  return [
    group(
      'user namespace for an id-mapped mount',
      call('socketpair', [AF.AF_UNIX, SOCK.SOCK_SEQPACKET | SOCK.SOCK_CLOEXEC, 0, pair], { what }),
      load(ours, pair, 0, 4),
      load(theirs, pair, 4, 4),
      clone({ what, args: cloneArgs(), into: pid, child: child(ours, theirs, what) }),
      call('close', [theirs], { what }),
      receiveFd({ socket: ours, into: self, what, closed: [fail('ECHILD', { what })] }),
      writeMaps(self, { uidMap: options.uids, gidMap: options.gids }),
      call('openat', [self, cstr('ns/user'), O.O_RDONLY | O.O_CLOEXEC, 0], { what, into: options.into }),
      call('close', [self], { what }),
      // The end of the connection is the child's sign to go.
      call('close', [ours], { what }),
      call('wait4', [pid, 0, 0, 0], { what }),
    ),
  ];
}

const cloneArgs = (): ReturnType<typeof struct> =>
  struct([
    ['flags', 8, CLONE.CLONE_NEWUSER, 'CLONE_NEWUSER'],
    ['pidfd', 8, 0],
    ['child_tid', 8, 0],
    ['parent_tid', 8, 0],
    ['exit_signal', 8, SIG.SIGCHLD, 'SIGCHLD'],
    ['stack', 8, 0],
    ['stack_size', 8, 0],
    ['tls', 8, 0],
  ]);

function child(ours: Operand, theirs: Operand, what: string): readonly Step[] {
  const self = slot('/proc/self');
  return [
    call('close', [ours], { what }),
    call('openat', [AT.AT_FDCWD, cstr('/proc/self'), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
      what,
      into: self,
    }),
    ...sendFd({ socket: theirs, fd: self, what }),
    call('read', [theirs, scratch(1, 'byte'), 1], { what, tolerate: 'any' }),
    exit(0),
  ];
}
