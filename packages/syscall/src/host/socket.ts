import { NsError } from '@ns/errors';

import { ERRNO } from '../uapi/errno.js';
import { AF, MSG, SCM, SOCK, SOL } from '../uapi/socket.js';
import { failsWith } from './attempt.js';
import { OwnedFd } from './fd.js';
import { MessageBuffer } from './message-buffer.js';
import { type CallPurpose, syscall } from './native.js';

type SocketType = 'stream' | 'datagram' | 'seqpacket';
const TYPES: Readonly<Record<SocketType, number>> = {
  stream: SOCK.SOCK_STREAM,
  datagram: SOCK.SOCK_DGRAM,
  seqpacket: SOCK.SOCK_SEQPACKET,
};

/** Two connected sockets. Disposing closes those that were not given away. */
export interface SocketPair extends Disposable {
  readonly left: OwnedFd;
  readonly right: OwnedFd;
}

/** Create two connected unix sockets, close-on-exec and blocking. See socketpair(2). */
export function socketPair(type: SocketType = 'stream'): SocketPair {
  const pair = Buffer.alloc(8);
  const flags = TYPES[type] | SOCK.SOCK_CLOEXEC;
  syscall(`create a ${type} socket pair`, 'socketpair', AF.AF_UNIX, flags, 0, pair);
  const left = new OwnedFd(pair.readInt32LE(0));
  const right = new OwnedFd(pair.readInt32LE(4));
  return {
    left,
    right,
    [Symbol.dispose]() {
      left.close();
      right.close();
    },
  };
}

/**
 * Send bytes with descriptors attached. See unix(7), `SCM_RIGHTS`.
 *
 * @remarks
 * The receiver gets descriptors of the same open files; ours stay open and ours. Does not raise SIGPIPE.
 *
 * @param data - At least one byte: a stream carries no descriptors without data.
 * @param fds - At most 253.
 * @returns How many bytes were sent. On a stream socket the descriptors went with the first of them.
 * @throws SyscallError EPIPE when the other end is closed; EAGAIN when it is full and non-blocking; ETOOMANYREFS when
 * more than RLIMIT_NOFILE descriptors are in flight.
 */
export function sendFds(socketFd: number, data: Uint8Array, fds: readonly number[]): number {
  const what = `send ${fds.length} descriptors through socket ${socketFd}`;
  if (data.length === 0) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: what,
      message: 'needs at least one byte of data',
    });
  }
  const message = MessageBuffer.toSend(data, fds);
  return syscall(what, 'sendmsg', socketFd, message.buffer, MSG.MSG_NOSIGNAL);
}

/** What came through a socket. */
export interface Received {
  /** Empty at the end of a stream. */
  readonly data: Buffer;
  /** Close-on-exec. The caller closes them. */
  readonly fds: readonly OwnedFd[];
}

/**
 * Receive bytes and the descriptors attached to them, without waiting. See recvmsg(2), unix(7).
 *
 * @remarks
 * Nothing is taken in part: descriptors or a datagram that do not fit are an error, and every descriptor that did
 * arrive is closed.
 *
 * @param limits - `maxBytes` (default 4096) and `maxFds` (default 253, the kernel's own limit).
 * @returns `undefined` when nothing is there yet.
 * @throws NsError `ERR_NS_CORRUPT` when more came than `limits` allow, or than this process may open.
 */
export function receiveFds(
  socketFd: number,
  limits: { readonly maxBytes?: number; readonly maxFds?: number } = {},
): Received | undefined {
  const { maxBytes = 4096, maxFds = 253 } = limits;
  const purpose: CallPurpose = { what: `receive descriptors from socket ${socketFd}` };
  const message = MessageBuffer.toReceive(maxBytes, maxFds);
  const flags = MSG.MSG_DONTWAIT | MSG.MSG_CMSG_CLOEXEC;
  const count = failsWith([ERRNO.EAGAIN], () => syscall(purpose, 'recvmsg', socketFd, message.buffer, flags));
  if (count === undefined) return undefined;
  const fds = message.control(SOL.SOL_SOCKET, SCM.SCM_RIGHTS).map((fd) => new OwnedFd(fd));
  if ((message.flags & (MSG.MSG_CTRUNC | MSG.MSG_TRUNC)) === 0 && fds.length <= maxFds) {
    return { data: message.data(count), fds };
  }
  for (const fd of fds) fd.close();
  throw new NsError('ERR_NS_CORRUPT', {
    operation: purpose.what,
    message: `more than ${maxBytes} bytes or ${maxFds} descriptors, or no room for them in this process`,
  });
}
