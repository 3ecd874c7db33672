import { NLM_F } from '@ns/syscall';

import { align4, type Attribute, attributesSize, writeAttributes } from './attribute.js';
import { malformed } from './attributes.js';

/** Size of `struct nlmsghdr`: length, type, flags, sequence number, port. */
export const MESSAGE_HEADER_SIZE = 16;

/** A request, as data. */
export interface Message {
  /** `nlmsg_type`: `RTM_NEWLINK`… */
  readonly type: number;
  /** `NLM_F_CREATE`, `NLM_F_EXCL`… `NLM_F_REQUEST`, and where one is needed `NLM_F_ACK`, are added. */
  readonly flags?: number | undefined;
  /** The protocol's own header, a multiple of four bytes: `struct ifinfomsg`, `struct nfgenmsg`… */
  readonly header: Uint8Array;
  readonly attributes: readonly Attribute[];
  /** What the message does, with its object: `create bridge ns0`. Starts the sentence of its error. */
  readonly what: string;
  /** Errnos that are no error, such as `EEXIST`. */
  readonly tolerate?: readonly string[] | undefined;
  /** By errno: what a user can do about the failure. */
  readonly hints?: Readonly<Record<string, string>> | undefined;
}

/** A message that was received. */
export interface Reply {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** What follows `struct nlmsghdr`: the protocol's header and the attributes. */
  readonly payload: Buffer;
}

const messageSize = (message: Message): number =>
  MESSAGE_HEADER_SIZE + align4(message.header.length) + attributesSize(message.attributes);

/** How {@link encodeMessages} numbers and marks messages. */
export interface EncodeOptions {
  /** Sequence number of the first message; the others follow. Default 1. */
  readonly firstSequence?: number | undefined;
  /**
   * The index of the message that asks for an acknowledgement; -1 for none. Default: the last. Messages are handled in
   * order and a failure is always reported, so the answer to the last one tells that all have been handled, and a
   * thousand messages do not fill the socket with a thousand answers.
   */
  readonly acknowledged?: number | undefined;
}

/** The bytes of messages, one after the other, as one sendmsg(2) takes them. */
export function encodeMessages(messages: readonly Message[], options: EncodeOptions = {}): Buffer {
  const { firstSequence = 1, acknowledged = messages.length - 1 } = options;
  const sizes = messages.map(messageSize);
  const buffer = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const [index, message] of messages.entries()) {
    const size = sizes[index]!;
    const acknowledge = index === acknowledged ? NLM_F.NLM_F_ACK : 0;
    buffer.writeUInt32LE(size, at);
    buffer.writeUInt16LE(message.type, at + 4);
    buffer.writeUInt16LE((message.flags ?? 0) | NLM_F.NLM_F_REQUEST | acknowledge, at + 6);
    buffer.writeUInt32LE((firstSequence + index) >>> 0, at + 8);
    buffer.set(message.header, at + MESSAGE_HEADER_SIZE);
    writeAttributes(buffer, at + MESSAGE_HEADER_SIZE + align4(message.header.length), message.attributes);
    at += size;
  }
  return buffer;
}

/**
 * The messages of a datagram. Payloads are views of it.
 *
 * @throws NsError `ERR_NS_CORRUPT` when a length runs past the end.
 */
export function parseMessages(datagram: Buffer): Reply[] {
  const replies: Reply[] = [];
  for (let at = 0; at + MESSAGE_HEADER_SIZE <= datagram.length;) {
    const length = datagram.readUInt32LE(at);
    if (length < MESSAGE_HEADER_SIZE || at + length > datagram.length) {
      throw malformed(`a message of ${length} bytes at ${at} of ${datagram.length}`);
    }
    replies.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      payload: datagram.subarray(at + MESSAGE_HEADER_SIZE, at + length),
    });
    at += align4(length);
  }
  return replies;
}
