import { SyscallError } from '@ns/errors';
import { errnoName, errnoText, NLM_F, NLMSGERR_ATTR } from '@ns/syscall';

import { malformed, parseAttributes } from './attributes.js';
import { MESSAGE_HEADER_SIZE, type Message, type Reply } from './message.js';

/** The kernel's answer to a request: `NLMSG_ERROR`, which zero makes an acknowledgement. */
export interface Acknowledgement {
  /** Zero when the request was carried out, else a positive error number. */
  readonly errno: number;
  /** The reason in the kernel's own words: the extended acknowledgement. */
  readonly text?: string | undefined;
  /** Where in the request the attribute lies that the kernel objects to. */
  readonly offset?: number | undefined;
  /** The type of an attribute that the kernel misses, since Linux 6.1. */
  readonly missingType?: number | undefined;
}

/** `struct nlmsgerr`: the errno, then the header of the request. */
const ERROR_SIZE = 4 + MESSAGE_HEADER_SIZE;

/**
 * Read an `NLMSG_ERROR` or, with the same fields, the end of a dump.
 *
 * @throws NsError `ERR_NS_CORRUPT` for a message that is too short.
 */
export function parseAcknowledgement(reply: Reply): Acknowledgement {
  const { payload, flags } = reply;
  if (payload.length < ERROR_SIZE) throw malformed(`an acknowledgement of ${payload.length} bytes`);
  const errno = Math.abs(payload.readInt32LE(0));
  if ((flags & NLM_F.NLM_F_ACK_TLVS) === 0) return { errno };
  // Only the header of the request is repeated when the answer is capped, else all of it.
  const request = (flags & NLM_F.NLM_F_CAPPED) === 0 ? payload.readUInt32LE(4) : MESSAGE_HEADER_SIZE;
  return { errno, ...extension(payload, 4 + request) };
}

/** The errno at the end of a dump, which older kernels leave out. */
export function parseDone({ payload, flags }: Reply): Acknowledgement {
  const errno = payload.length >= 4 ? Math.abs(payload.readInt32LE(0)) : 0;
  return (flags & NLM_F.NLM_F_ACK_TLVS) === 0 ? { errno } : { errno, ...extension(payload, 4) };
}

function extension(payload: Buffer, offset: number): Omit<Acknowledgement, 'errno'> {
  const attributes = parseAttributes(payload, offset);
  return {
    text: attributes.string(NLMSGERR_ATTR.NLMSGERR_ATTR_MSG),
    offset: attributes.u32(NLMSGERR_ATTR.NLMSGERR_ATTR_OFFS),
    missingType: attributes.u32(NLMSGERR_ATTR.NLMSGERR_ATTR_MISS_TYPE),
  };
}

/** The error of a request that the kernel refused: `create bridge ns0: EEXIST (File exists: …)`. */
export function refusal(message: Pick<Message, 'what' | 'hints'>, answer: Acknowledgement): SyscallError {
  const code = errnoName(answer.errno);
  const words = answer.text === undefined ? '' : `: ${answer.text}`;
  const missing = answer.missingType === undefined ? '' : `: attribute ${answer.missingType} is missing`;
  return new SyscallError({
    syscall: 'sendto',
    errno: answer.errno,
    code,
    description: `${errnoText(answer.errno)}${words}${missing}`,
    what: message.what,
    hint: message.hints?.[code],
  });
}
