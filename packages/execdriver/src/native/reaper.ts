import { call, clone, F, FD, scratch, slot, store, TIO, type Program } from '@ns/syscall';

import { DESCRIPTOR } from './descriptors.js';
import { blockSignals, execute, nameProcess, unblockSignals } from './process.js';
import { BORROW_MEMORY, exitAs, waitForChild } from './supervise.js';

/**
 * Process 1 of a container with `--init`: starts the program, forwards every signal to it, collects orphans, and
 * exits as the program did.
 *
 * It is executed in the container from a sealed memory file, after everything else has been set up and given up.
 */
export function reaperProgram(args: readonly string[], env: readonly string[], terminal: boolean): Program {
  const child = slot('child');
  const self = slot('self');
  const group = scratch(4, 'process group');
  const status = scratch(4, 'wait status');
  return {
    title: 'the init of a container',
    statusFd: DESCRIPTOR.status,
    failureStatus: 127,
    steps: [
      nameProcess('ns-init'),
      blockSignals(),
      clone({
        args: BORROW_MEMORY,
        // Docker's seccomp profile has clone3(2) answer ENOSYS.
        what: 'start the program',
        into: child,
        child: [
          // A process group of its own, in the foreground: Ctrl-C is for the program, not for the init.
          call('setpgid', [0, 0], { what: 'make a process group' }),
          ...(terminal
            ? [
                call('getpid', [], { what: 'get the process id', into: self }),
                store(self, group, 0, 4),
                call('ioctl', [0, TIO.TIOCSPGRP, group], { what: 'put the process group in the foreground' }),
              ]
            : []),
          unblockSignals(),
          call('fcntl', [DESCRIPTOR.status, F.F_SETFD, FD.FD_CLOEXEC], {
            what: 'mark the status pipe close-on-exec',
          }),
          ...execute(args, env),
        ],
      }),
      call('close', [DESCRIPTOR.status], { what: 'leave the status pipe to the program' }),
      waitForChild(child, status, (signal) => [
        call('kill', [child, signal], { what: 'forward a signal', tolerate: ['ESRCH'] }),
      ]),
      ...exitAs(status),
    ],
  };
}
