import {
  again,
  AT,
  call,
  CLONE,
  cstr,
  exit,
  F,
  group,
  leave,
  loop,
  MOVE_MOUNT,
  MSG,
  O,
  PR,
  scratch,
  SIG,
  slot,
  W,
  when,
  type Slot,
  type Step,
} from '@ns/syscall';

import { PASSED, TREE } from './descriptors.js';
import { ALL_SIGNALS, blockSignals, plainSignals, SIGSET_SIZE } from './signals.js';

/**
 * What process 1 of a domain does first: libvirt tells nobody how it ends, so it stays as a supervisor, and goes on as a child
 * that is process 1 of a pid namespace of its own.
 *
 * @remarks
 * The supervisor writes the wait status of that child to its line, and ends. When the other end of the line is closed it ends
 * too, and takes the container along. Other signals are passed on: `virsh shutdown` sends SIGTERM.
 */
export function supervise(): Step[] {
  const child = slot('program');
  return [
    group(
      'supervisor',
      blockSignals(),
      call('clone', [CLONE.CLONE_NEWPID | SIG.SIGCHLD, 0, 0, 0, 0], {
        what: 'create the process that becomes the program, in a pid namespace of its own',
        into: child,
      }),
      when([child, '!=', 0], watch(child)),
    ),
    group('a program as others', plainSignals(), streams(), [
      call('close', [PASSED.line], { what: 'leave the line to the supervisor' }),
      call(
        'move_mount',
        [PASSED.tree, cstr(''), AT.AT_FDCWD, cstr(TREE.at), MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH],
        { what: 'attach what the container is made of', object: TREE.at },
      ),
    ]),
  ];
}

const streams = (): Step[] =>
  [PASSED.stdin, PASSED.stdout, PASSED.stderr].map((fd, number) =>
    call('dup3', [fd, number, 0], { what: `make it descriptor ${number}` }),
  );

function watch(child: Slot): Step[] {
  const self = slot('self');
  const answer = slot('answer');
  const byte = scratch(8, 'byte');
  const signal = slot('signal');
  const status = scratch(8, 'wait status');
  const { line } = PASSED;
  return [
    call('prctl', [PR.PR_SET_NAME, cstr('ns-supervisor'), 0, 0, 0], {
      what: 'name the process ns-supervisor',
    }),
    call('close_range', [0, line - 1, 0], { what: 'leave the descriptors to the program' }),
    call('close_range', [line + 1, 0xffff_ffff, 0], { what: 'leave the other ones to the program' }),
    call('getpid', [], { what: 'get the own process id', into: self }),
    call('fcntl', [line, F.F_SETOWN, self], { what: 'be told of the line' }),
    call('fcntl', [line, F.F_SETFL, O.O_RDWR | O.FASYNC], { what: 'be told of it by SIGIO' }),
    call('recvfrom', [line, byte, 1, MSG.MSG_PEEK | MSG.MSG_DONTWAIT, 0, 0], {
      what: 'see whether somebody is at the other end',
      into: answer,
      tolerate: 'any',
    }),
    when([answer, '==', 0], [exit(0)]),
    loop(
      call('rt_sigtimedwait', [ALL_SIGNALS, 0, 0, SIGSET_SIZE], {
        what: 'wait for a signal',
        into: signal,
        tolerate: ['EINTR'],
      }),
      when([signal, '<=', 0], [again]),
      when([signal, '==', SIG.SIGIO], [exit(0)]),
      when(
        [signal, '==', SIG.SIGCHLD],
        [
          call('wait4', [child, status, W.WNOHANG, 0], { what: 'collect the program', into: answer }),
          when([answer, '==', child], [leave]),
        ],
        [call('kill', [child, signal], { what: 'pass a signal on', tolerate: ['ESRCH'] })],
      ),
    ),
    call('write', [line, status, 4], { what: 'tell how it ended', tolerate: 'any' }),
    exit(0),
  ];
}
