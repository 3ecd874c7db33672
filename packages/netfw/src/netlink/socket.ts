import { NsError } from '@ns/errors';
import { AF, ERRNO, MSG, NETLINK, NLM_F, NLMSG, OwnedFd, SO, SOCK, SOL, syscall } from '@ns/syscall';

import { type Acknowledgement, parseAcknowledgement, parseDone, refusal } from './acknowledgement.js';
import { malformed } from './attributes.js';
import { encodeMessages, type Message, parseMessages, type Reply } from './message.js';

/** How a netlink socket is made. */
export interface NetlinkSocketOptions {
  /** Multicast groups to receive, by number: `RTNLGRP_LINK`… */
  readonly groups?: readonly number[] | undefined;
  /**
   * Size of the receive buffer in bytes. Without CAP_NET_ADMIN in the first user namespace, `net.core.rmem_max` at most.
   * The default is `net.core.rmem_default`.
   */
  readonly receiveBufferBytes?: number | undefined;
}

/** What became of one message of a request. */
export interface Outcome {
  /** The refusal, if the kernel reported one. */
  readonly refused?: Acknowledgement | undefined;
  /** What came back beside acknowledgements: the object asked for, or an echo. */
  readonly replies: readonly Reply[];
}

/** The longest datagram that is read. The kernel's dumps are at most 32 KiB. */
const RECEIVE_BYTES = 64 * 1024;
/** `struct sockaddr_nl`. */
const ADDRESS_SIZE = 12;
/** How often a dump is begun anew that a change interrupted. */
const DUMP_ATTEMPTS = 8;
/** What a socket sends at once without asking for a larger buffer: net.core.wmem_default less the kernel's share. */
const SEND_BYTES = 64 * 1024;

/**
 * A synchronous netlink socket. See netlink(7).
 *
 * @remarks
 * The kernel carries requests out while they are sent, so the answers are there when the call returns: nothing blocks,
 * and a request takes some ten microseconds. The socket belongs to the network namespace that the calling thread is in
 * when it is made, for good: given to another process, it still acts there.
 *
 * Asks for extended acknowledgements (their text is in the errors), short ones (`NETLINK_CAP_ACK`), and strict checks
 * of dump requests, which also makes the kernel filter.
 *
 * @example
 * ```ts
 * using socket = NetlinkSocket.open(NETLINK.NETLINK_ROUTE);
 * const [link] = socket.request({
 *   type: RTM.RTM_GETLINK,
 *   header: Buffer.alloc(16),
 *   attributes: [attr.string(IFLA.IFLA_IFNAME, 'lo')],
 *   what: 'get link lo',
 * });
 * ```
 */
export class NetlinkSocket implements Disposable {
  /** `NETLINK_ROUTE`, `NETLINK_NETFILTER`… */
  readonly protocol: number;
  readonly #fd: OwnedFd;
  #sequence = 0;
  #sendBytes = SEND_BYTES;
  #buffer: Buffer | undefined;

  /** Takes over a netlink socket: one that was received, or made in another network namespace. */
  constructor(protocol: number, fd: OwnedFd) {
    this.protocol = protocol;
    this.#fd = fd;
  }

  /**
   * A new socket in the network namespace of this thread, close-on-exec.
   *
   * @param protocol - `NETLINK_ROUTE`, `NETLINK_NETFILTER`…
   * @throws SyscallError EPROTONOSUPPORT when the kernel does not have the protocol; EPERM for a group that needs
   * CAP_NET_ADMIN.
   */
  static open(protocol: number, options: NetlinkSocketOptions = {}): NetlinkSocket {
    const what = 'open a netlink socket';
    const fd = new OwnedFd(
      syscall(what, 'socket', AF.AF_NETLINK, SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC, protocol),
    );
    try {
      const set = (level: number, option: number, value: number): number =>
        syscall(what, 'setsockopt', fd.fd, level, option, int(value), 4);
      const { receiveBufferBytes, groups = [] } = options;
      if (receiveBufferBytes !== undefined) setBuffer(fd.fd, 'RCV', receiveBufferBytes);
      set(SOL.SOL_NETLINK, NETLINK.NETLINK_EXT_ACK, 1);
      set(SOL.SOL_NETLINK, NETLINK.NETLINK_CAP_ACK, 1);
      set(SOL.SOL_NETLINK, NETLINK.NETLINK_GET_STRICT_CHK, 1);
      // A socket without a port of its own gets no notification of the kernel.
      if (groups.length > 0) syscall(what, 'bind', fd.fd, KERNEL, ADDRESS_SIZE);
      for (const group of groups) set(SOL.SOL_NETLINK, NETLINK.NETLINK_ADD_MEMBERSHIP, group);
      return new NetlinkSocket(protocol, fd);
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /** The descriptor, which stays the socket's: to watch, or to lend to a program that is spawned. */
  get fd(): number {
    return this.#fd.fd;
  }

  /** Close the socket, once. */
  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Send messages at once and return what came back beside acknowledgements.
   *
   * @remarks
   * The messages are carried out in order. Unless they are a batch of nfnetlink, a refusal does not stop those that
   * follow; the first one is thrown when all have been handled. `tolerate` of a message makes a refusal none.
   *
   * @throws SyscallError with the operation, the errno and the kernel's own words, if it gave any.
   */
  request(messages: Message | readonly Message[]): Reply[] {
    const list = Array.isArray(messages) ? (messages as readonly Message[]) : [messages as Message];
    const outcomes = this.exchange(list);
    for (const [index, { refused }] of outcomes.entries()) {
      const message = list[index]!;
      if (refused === undefined) continue;
      const error = refusal(message, refused);
      if (message.tolerate?.includes(error.code) !== true) throw error;
    }
    return outcomes.flatMap(({ replies }) => replies);
  }

  /**
   * As {@link request}, with the outcome of each message in place of an error.
   *
   * @param acknowledged - The index of the message that asks for an acknowledgement, which tells that all before it have
   * been handled. Default: the last.
   */
  exchange(messages: readonly Message[], acknowledged: number = messages.length - 1): Outcome[] {
    if (messages.length === 0) return [];
    const outcomes = messages.map(() => ({
      refused: undefined as Acknowledgement | undefined,
      replies: [] as Reply[],
    }));
    const first = this.#send(messages, acknowledged);
    let lost = false;
    for (;;) {
      const datagram = this.#receive();
      // Nothing more can come: all was carried out while it was sent. A batch that was refused as a whole ends so.
      if (datagram === undefined) break;
      if (datagram === 'lost') {
        lost = true;
        continue;
      }
      let handled = false;
      for (const reply of parseMessages(datagram)) {
        const index = (reply.sequence - first) >>> 0;
        const outcome = outcomes[index];
        // An answer to an earlier request, or a notification of a group.
        if (outcome === undefined) continue;
        if (reply.type !== NLMSG.NLMSG_ERROR) {
          outcome.replies.push(reply);
          continue;
        }
        const answer = parseAcknowledgement(reply);
        if (answer.errno !== 0) outcome.refused ??= answer;
        if (index === acknowledged) handled = true;
      }
      if (handled) return outcomes;
    }
    const last = outcomes[acknowledged];
    // More refusals than the receive buffer holds: those that are there are true, and what became of the rest is unknown.
    if (lost && last !== undefined) last.refused ??= LOST;
    if (outcomes.some(({ refused }) => refused !== undefined)) return outcomes;
    throw malformed(`no answer to ${messages[acknowledged]?.what ?? 'a request'}`);
  }

  /**
   * All objects of a kind.
   *
   * @remarks
   * A dump during which something changed (`NLM_F_DUMP_INTR`) is repeated, so the answer is of one moment.
   *
   * @throws SyscallError as {@link request}.
   * @throws NsError `ERR_NS_TIMEOUT` when it was interrupted again and again.
   */
  dump(message: Message): Reply[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const replies = this.#dumpOnce(message);
      if (replies !== undefined) return replies;
    }
    throw new NsError('ERR_NS_TIMEOUT', {
      operation: message.what,
      message: `changes interrupted the list ${DUMP_ATTEMPTS} times`,
      hint: 'try again when fewer objects come and go',
    });
  }

  /**
   * What has arrived: for events. `undefined` when there is nothing.
   *
   * @throws SyscallError ENOBUFS when messages were lost because the buffer was full: read the state anew.
   */
  receive(): Reply[] | undefined {
    const datagram = this.#receive();
    if (datagram === 'lost') throw refusal({ what: 'receive from a netlink socket' }, LOST);
    return datagram === undefined ? undefined : parseMessages(datagram);
  }

  #dumpOnce(message: Message): Reply[] | undefined {
    const flags = (message.flags ?? 0) | NLM_F.NLM_F_DUMP;
    const sequence = this.#send([{ ...message, flags }], -1);
    const replies: Reply[] = [];
    let interrupted = false;
    for (;;) {
      const datagram = this.#receive();
      if (datagram === undefined) throw malformed(`no end of the answer to ${message.what}`);
      if (datagram === 'lost') {
        interrupted = true;
        continue;
      }
      for (const reply of parseMessages(datagram)) {
        if (reply.sequence !== sequence) continue;
        if ((reply.flags & NLM_F.NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (reply.type === NLMSG.NLMSG_ERROR || reply.type === NLMSG.NLMSG_DONE) {
          const end = reply.type === NLMSG.NLMSG_DONE ? parseDone(reply) : parseAcknowledgement(reply);
          const error = end.errno === 0 ? undefined : refusal(message, end);
          if (error !== undefined && message.tolerate?.includes(error.code) !== true) throw error;
          return interrupted ? undefined : replies;
        }
        replies.push(reply);
      }
    }
  }

  /** Returns the sequence number of the first message. */
  #send(messages: readonly Message[], acknowledged: number): number {
    const first = (this.#sequence + 1) >>> 0;
    this.#sequence = (this.#sequence + messages.length) >>> 0;
    const bytes = encodeMessages(messages, { firstSequence: first, acknowledged });
    const what = messages[0]!.what;
    if (bytes.length > this.#sendBytes) {
      // Twice the size: the kernel counts what it needs for itself too.
      setBuffer(this.fd, 'SND', bytes.length * 2);
      this.#sendBytes = bytes.length;
    }
    syscall(what, 'sendto', this.fd, bytes, bytes.length, 0, KERNEL, ADDRESS_SIZE);
    return first;
  }

  /** A copy of the next datagram from the kernel, if there is one; or that some were lost. */
  #receive(): Buffer | 'lost' | undefined {
    const buffer = (this.#buffer ??= Buffer.allocUnsafeSlow(RECEIVE_BYTES));
    const purpose = { what: 'receive from a netlink socket', expected: [ERRNO.EAGAIN, ERRNO.ENOBUFS] };
    const flags = MSG.MSG_DONTWAIT | MSG.MSG_TRUNC;
    for (;;) {
      const address = Buffer.alloc(ADDRESS_SIZE);
      const length = int(ADDRESS_SIZE);
      const count = syscall(purpose, 'recvfrom', this.fd, buffer, buffer.length, flags, address, length);
      if (count < 0) return count === -ERRNO.EAGAIN ? undefined : 'lost';
      // Another process may send to this socket: only the kernel's port is zero.
      if (address.readUInt32LE(4) !== 0) continue;
      if (count > buffer.length)
        throw malformed(`a datagram of ${count} bytes does not fit in ${buffer.length}`);
      return Buffer.from(buffer.subarray(0, count));
    }
  }
}

/** What a socket whose receive buffer was full has to say. */
const LOST: Acknowledgement = { errno: ERRNO.ENOBUFS, text: 'answers of the kernel were lost' };

/** The kernel's own address; to bind to it means to get any. */
const KERNEL = Buffer.alloc(ADDRESS_SIZE);
KERNEL.writeUInt16LE(AF.AF_NETLINK, 0);

/** Sets the size of a buffer, within the system's limit where that may not be passed. */
function setBuffer(fd: number, buffer: 'RCV' | 'SND', size: number): void {
  const purpose = { what: 'size the buffer of a netlink socket', expected: [ERRNO.EPERM] };
  const set = (option: number): number =>
    syscall(purpose, 'setsockopt', fd, SOL.SOL_SOCKET, option, int(size), 4);
  if (set(SO[`SO_${buffer}BUFFORCE`]) < 0) set(SO[`SO_${buffer}BUF`]);
}

function int(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value, 0);
  return buffer;
}
