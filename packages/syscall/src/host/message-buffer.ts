import { SCM, SOL } from '../uapi/socket.js';
import { native } from './native.js';

/** `struct msghdr`: where its members are. */
export const MSGHDR_OFFSETS = {
  msg_iov: 16,
  msg_iovlen: 24,
  msg_control: 32,
  msg_controllen: 40,
  msg_flags: 48,
} as const;
const MSGHDR_SIZE = 56;
const IOVEC_SIZE = 16;
/** `struct cmsghdr`: length, level, type. */
const CMSGHDR_SIZE = 16;

const align = (size: number): number => (size + 7) & ~7;

/**
 * A `struct msghdr` with all it points to, in one piece of memory: what the kernel reads cannot be collected apart.
 *
 * @internal
 */
export class MessageBuffer {
  readonly buffer: Buffer;
  readonly #controlAt: number;
  readonly #dataAt: number;

  private constructor(dataSize: number, controlSize: number) {
    this.#controlAt = MSGHDR_SIZE + IOVEC_SIZE;
    this.#dataAt = this.#controlAt + align(controlSize);
    // A buffer of its own: one from Node's pool is not zeroed and may not be aligned.
    this.buffer = Buffer.alloc(this.#dataAt + dataSize);
    const base = native().koffi.address(this.buffer);
    const to = MSGHDR_OFFSETS;
    const word = (value: bigint | number, at: number): number =>
      this.buffer.writeBigUInt64LE(BigInt(value), at);
    word(base + BigInt(MSGHDR_SIZE), to.msg_iov);
    word(1, to.msg_iovlen);
    word(base + BigInt(this.#dataAt), MSGHDR_SIZE);
    word(dataSize, MSGHDR_SIZE + 8);
    if (controlSize > 0) word(base + BigInt(this.#controlAt), to.msg_control);
    word(controlSize, to.msg_controllen);
  }

  /** For sendmsg(2): the data, and descriptors in one `SCM_RIGHTS` message. */
  static toSend(data: Uint8Array, fds: readonly number[]): MessageBuffer {
    const length = CMSGHDR_SIZE + fds.length * 4;
    const message = new MessageBuffer(data.length, fds.length > 0 ? align(length) : 0);
    const { buffer } = message;
    buffer.set(data, message.#dataAt);
    if (fds.length === 0) return message;
    const at = message.#controlAt;
    buffer.writeBigUInt64LE(BigInt(length), at);
    buffer.writeInt32LE(SOL.SOL_SOCKET, at + 8);
    buffer.writeInt32LE(SCM.SCM_RIGHTS, at + 12);
    for (const [index, fd] of fds.entries()) buffer.writeInt32LE(fd, at + CMSGHDR_SIZE + index * 4);
    return message;
  }

  /** For recvmsg(2). */
  static toReceive(maxBytes: number, maxFds: number): MessageBuffer {
    return new MessageBuffer(maxBytes, CMSGHDR_SIZE + align(maxFds * 4));
  }

  /** `msg_flags` as recvmsg(2) left them. */
  get flags(): number {
    return this.buffer.readInt32LE(MSGHDR_OFFSETS.msg_flags);
  }

  /** The first bytes of the data. */
  data(length: number): Buffer {
    return this.buffer.subarray(this.#dataAt, this.#dataAt + length);
  }

  /** The integers in the control messages of a level and type. */
  control(level: number, type: number): number[] {
    const { buffer } = this;
    const end = this.#controlAt + Number(buffer.readBigUInt64LE(MSGHDR_OFFSETS.msg_controllen));
    const found: number[] = [];
    for (let at = this.#controlAt; at + CMSGHDR_SIZE <= end;) {
      const length = Number(buffer.readBigUInt64LE(at));
      if (length < CMSGHDR_SIZE) break;
      if (buffer.readInt32LE(at + 8) === level && buffer.readInt32LE(at + 12) === type) {
        const last = Math.min(at + length, end);
        for (let item = at + CMSGHDR_SIZE; item + 4 <= last; item += 4) found.push(buffer.readInt32LE(item));
      }
      at += align(length);
    }
    return found;
  }
}
