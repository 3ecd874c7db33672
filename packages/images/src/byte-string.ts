/**
 * A name of a file as the kernel and archives have it: bytes, held as a string with one character for each byte.
 *
 * Names need not be UTF-8. Decoding one that is not would make another name of it, or one name of two.
 */
export type ByteString = string;

/** The bytes with a NUL behind them, as system calls take them. */
export const cBytes = (name: ByteString): Buffer => Buffer.from(`${name}\0`, 'latin1');

/** The byte string of a text: its UTF-8. */
export const fromText = (text: string): ByteString => Buffer.from(text, 'utf8').toString('latin1');

/** For people. Bytes that are no UTF-8 become U+FFFD. */
export const toText = (name: ByteString): string => Buffer.from(name, 'latin1').toString('utf8');
