import { AF, NFNL_BATCH, NFNL_MSG } from '@ns/syscall';

import { attr } from './attribute.js';
import type { Message, Reply } from './message.js';
import { refusal } from './acknowledgement.js';
import type { NetlinkSocket } from './socket.js';

/** `struct nfgenmsg`: family, version, resource id in network byte order. */
export const NFGENMSG_SIZE = 4;

/** A `struct nfgenmsg`. */
export function nfgenmsg(family: number, resourceId = 0): Uint8Array {
  return Uint8Array.of(family, 0, resourceId >> 8, resourceId & 0xff);
}

/** `nlmsg_type` of a message of a netfilter subsystem. */
export const nfnetlinkType = (subsystem: number, type: number): number => (subsystem << 8) | type;

/** How a batch is sent. */
export interface BatchOptions {
  /** `NFNL_SUBSYS_NFTABLES`… */
  readonly subsystem: number;
  /** What the batch is for, for an error about it as a whole: `publish port 80/tcp`. */
  readonly what: string;
  /** The batch is refused with ERESTART when the rules have changed since this generation. */
  readonly generation?: number | undefined;
  readonly hints?: Message['hints'];
}

/** Messages between `NFNL_MSG_BATCH_BEGIN` and `NFNL_MSG_BATCH_END`: all are carried out, or none. */
export function batch(messages: readonly Message[], options: BatchOptions): Message[] {
  const { subsystem, what, generation, hints } = options;
  const header = nfgenmsg(AF.AF_UNSPEC, subsystem);
  const attributes = generation === undefined ? [] : [attr.be32(NFNL_BATCH.NFNL_BATCH_GENID, generation)];
  return [
    { type: NFNL_MSG.NFNL_MSG_BATCH_BEGIN, header, attributes, what, hints },
    ...messages,
    { type: NFNL_MSG.NFNL_MSG_BATCH_END, header, attributes: [], what, hints },
  ];
}

/**
 * Send a batch in one go: all of it is carried out, or nothing.
 *
 * @returns What came back beside acknowledgements: echoes, of messages with `NLM_F_ECHO`.
 * @throws SyscallError of the first message that was refused, or of the batch as a whole: EPERM without CAP_NET_ADMIN,
 * ERESTART for an old generation.
 */
export function sendBatch(
  socket: NetlinkSocket,
  messages: readonly Message[],
  options: BatchOptions,
): readonly Reply[] {
  if (messages.length === 0) return [];
  const list = batch(messages, options);
  // The last message of the batch, not its end: before Linux 6.10 the end is not acknowledged.
  const outcomes = socket.exchange(list, list.length - 2);
  // The error of a message says more than the one of the batch, which comes first.
  for (const index of [...messages.keys()].map((key) => key + 1).concat(0, list.length - 1)) {
    const refused = outcomes[index]?.refused;
    // Here nothing is tolerated: one refusal undoes the whole batch.
    if (refused !== undefined) throw refusal(list[index]!, refused);
  }
  return outcomes.flatMap(({ replies }) => replies);
}
