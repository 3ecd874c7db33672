import { MSG, SCM, SOL, call, cstr, fail, load, slot, store, struct, when } from '@ns/syscall';
import type { Data, Operand, Slot, Step } from '@ns/syscall';

/** `CMSG_LEN` and `CMSG_SPACE` of one descriptor. */
const CMSG_LEN = 20;
const CMSG_SPACE = 24;
/** Where a control message holds its descriptor, and a `struct msghdr` the length of its control messages. */
const CMSG_FD = 16;
const MSG_CONTROLLEN = 40;

function message(): { readonly header: Data; readonly control: Data } {
  const control = struct(
    [
      ['cmsg_len', 8, CMSG_LEN],
      ['cmsg_level', 4, SOL.SOL_SOCKET, 'SOL_SOCKET'],
      ['cmsg_type', 4, SCM.SCM_RIGHTS, 'SCM_RIGHTS'],
      ['fd', 4, 0],
      ['', 4, 0],
    ],
    { writable: true },
  );
  // A message without data would read as the end of the connection.
  const byte = struct([['byte', 1, 0]], { writable: true });
  const vector = struct([
    ['iov_base', 8, byte],
    ['iov_len', 8, 1],
  ]);
  const header = struct(
    [
      ['msg_name', 8, 0],
      ['msg_namelen', 4, 0],
      ['', 4, 0],
      ['msg_iov', 8, vector],
      ['msg_iovlen', 8, 1],
      ['msg_control', 8, control],
      ['msg_controllen', 8, CMSG_SPACE],
      ['msg_flags', 4, 0],
      ['', 4, 0],
    ],
    { writable: true },
  );
  return { header, control };
}

/** Send a descriptor over a Unix socket, with one byte. See unix(7), SCM_RIGHTS. */
export function sendFd(options: {
  readonly socket: Operand;
  readonly fd: Operand;
  readonly what: string;
}): readonly Step[] {
  const { header, control } = message();
  return [
    store(options.fd, control, CMSG_FD, 4),
    call('sendmsg', [options.socket, header, MSG.MSG_NOSIGNAL], { what: options.what }),
  ];
}

/**
 * Receive a descriptor that {@link sendFd} sent. It is close-on-exec.
 *
 * @param options.closed - What is done when the other end was closed instead: it must leave or end the program.
 */
export function receiveFd(options: {
  readonly socket: Operand;
  readonly into: Slot;
  readonly what: string;
  readonly closed: readonly Step[];
}): readonly Step[] {
  const { header, control } = message();
  const length = slot('length');
  return [
    call('recvmsg', [options.socket, header, MSG.MSG_CMSG_CLOEXEC], { what: options.what, into: length }),
    when([length, '==', 0], options.closed),
    load(length, header, MSG_CONTROLLEN, 8),
    when(
      [length, '<', CMSG_LEN],
      [
        fail('EMFILE', {
          what: options.what,
          hints: { EMFILE: 'the receiving process has no free descriptor: raise its RLIMIT_NOFILE' },
        }),
      ],
    ),
    load(options.into, control, CMSG_FD, 4),
  ];
}

/** Send one byte that says "go on". */
export const sendByte = (socket: Operand, what: string): Step =>
  call('sendto', [socket, cstr(''), 1, MSG.MSG_NOSIGNAL, 0, 0], { what });
