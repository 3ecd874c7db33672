import {
  AF,
  call,
  ERRNO,
  fail,
  leave,
  load,
  loop,
  MSG,
  NETLINK,
  NLMSG,
  scratch,
  slot,
  SOCK,
  store,
  when,
  type Data,
  type Operand,
  type Slot,
  type Step,
} from '@ns/syscall';

import { encodeMessages, type Message } from '../netlink/message.js';

/** Room for the part of an answer that is read: two headers and the errno. The rest is dropped. */
const ANSWER_SIZE = 64;
/** Where an answer has its type, its sequence number and, if it is an acknowledgement, the errno. */
const [TYPE_AT, SEQUENCE_AT, ERRNO_AT] = [4, 8, 16];

/**
 * The step that opens a rtnetlink socket in the network namespace that the program is in by then.
 *
 * @remarks
 * It acts there for good: opened before a child is made, it lets the child act in the namespace of its parent.
 * Close-on-exec.
 */
export const openRouteSocket = (into: Slot): Step =>
  call('socket', [AF.AF_NETLINK, SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC, NETLINK.NETLINK_ROUTE], {
    what: 'open a socket to configure the network',
    into,
  });

/** Where in the bytes of messages a number is filled in when the program runs. */
export interface Patch {
  readonly offset: number;
  readonly value: Operand;
}

/**
 * Steps that send messages through a netlink socket at once and check that each was carried out.
 *
 * @remarks
 * Two system calls when all is well, whatever the number of messages. A refusal ends the program with the errno and
 * with what the message that was refused is for.
 *
 * @param socket - A descriptor, or the variable that {@link openRouteSocket} set.
 * @param patches - Numbers of four bytes that are known only when the program runs, such as a pid.
 */
export function exchangeSteps(
  socket: Operand,
  messages: readonly Message[],
  patches: readonly Patch[] = [],
): Step[] {
  if (messages.length === 0) return [];
  const bytes = encodeMessages(messages);
  const text = `<${messages.map(({ what }) => what).join('; ')}>`;
  const data: Data = { kind: 'data', text, bytes, writable: patches.length > 0, align: 8, pointers: [] };
  const answer = scratch(ANSWER_SIZE, 'answer');
  const [type, sequence, errno] = [slot('type'), slot('sequence'), slot('errno')];
  const refused = messages.map((message, index) =>
    when([sequence, '==', index + 1], [refusedStep(message, errno)]),
  );
  return [
    ...patches.map(({ offset, value }) => store(value, data, offset, 4)),
    call('sendto', [socket, data, bytes.length, MSG.MSG_NOSIGNAL, 0, 0], {
      what: messages[0]!.what,
      hints: messages[0]!.hints,
    }),
    loop(
      // The kernel has answered already. MSG_DONTWAIT: a kernel that has not must not stop the container.
      call('recvfrom', [socket, answer, ANSWER_SIZE, MSG.MSG_DONTWAIT, 0, 0], {
        what: 'read the answer of the kernel about the network',
      }),
      load(type, answer, TYPE_AT, 2),
      load(sequence, answer, SEQUENCE_AT, 4),
      load(errno, answer, ERRNO_AT, 4, true),
      when(
        [type, '==', NLMSG.NLMSG_ERROR],
        [when([errno, '!=', 0], refused), when([sequence, '==', messages.length], [leave])],
      ),
    ),
  ];
}

/** Ends the program unless the message tolerates the errno. */
function refusedStep(message: Message, errno: Slot): Step {
  const { what, hints } = message;
  const end = fail(errno, { what, hints, tag: 'network' });
  return (message.tolerate ?? []).reduce<Step>(
    (inner, name) => when([errno, '!=', -(ERRNO[name as keyof typeof ERRNO] ?? 0)], [inner]),
    end,
  );
}

/** The bytes at which two encodings of the same messages differ, as offsets of numbers of four bytes. */
export function differingWords(left: Uint8Array, right: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let offset = 0; offset + 4 <= left.length; offset += 4) {
    if ([0, 1, 2, 3].some((byte) => left[offset + byte] !== right[offset + byte])) offsets.push(offset);
  }
  return offsets;
}
