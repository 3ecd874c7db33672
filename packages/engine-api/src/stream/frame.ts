/** The streams of an attached process that has no terminal, with their numbers on the wire. */
export const STREAMS = { stdin: 0, stdout: 1, stderr: 2, systemerr: 3 } as const;

/** One of the keys of {@link STREAMS}. `systemerr` carries an error of the engine itself. */
export type StreamName = keyof typeof STREAMS;

/** Bytes of a frame's header: the stream's number, three zeroes, the payload's length as a big-endian 32-bit number. */
export const FRAME_HEADER_BYTES = 8;

/**
 * The header that goes before a payload of `length` bytes.
 *
 * @param length - Bytes, below 2^32. A server that has the payload in hand writes header and payload one after the
 * other (corked) and so copies nothing; {@link frame} is the simple way.
 */
export function frameHeader(stream: StreamName, length: number): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header[0] = STREAMS[stream];
  header.writeUInt32BE(length, 4);
  return header;
}

/**
 * One frame of the multiplexed stream of attach, logs and exec (`application/vnd.docker.multiplexed-stream`).
 *
 * @example
 * ```ts
 * socket.write(frame('stderr', Buffer.from('not found\n')));
 * ```
 */
export function frame(stream: StreamName, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(stream, payload.length), payload]);
}
