/** A message in the form that goes through a pipe: its length in four bytes, little-endian, and v8's serialization. */
export function frame(message: unknown): Buffer;

/** A function that takes pieces of a pipe as they come, and hands on each message that is whole. */
export function unframer(onMessage: (message: unknown) => void): (chunk: Buffer) => void;
