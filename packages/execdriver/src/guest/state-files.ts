import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { isErrno } from '@ns/errors';

import { RECORD_SIZE } from './records.js';

/** A record that a guest, or the program that starts it, has told. */
export interface Event {
  readonly kind: number;
  readonly value: number;
  readonly record: Buffer;
}

/** The records in a file so far. */
export function readEvents(path: string): Event[] {
  const bytes = readBounded(path);
  return Array.from({ length: Math.floor(bytes.length / RECORD_SIZE) }, (_, index) => {
    const record = bytes.subarray(index * RECORD_SIZE, (index + 1) * RECORD_SIZE);
    return { kind: record.readUInt32LE(0), value: record.readUInt32LE(4), record };
  });
}

const MOST_BYTES = 1024 * 1024;

/** A hostile guest can write much: the first megabyte is what counts. */
export function readBounded(path: string): Buffer {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
  try {
    const size = Math.min(fstatSync(fd).size, MOST_BYTES);
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, readSync(fd, buffer, 0, size, 0));
  } finally {
    closeSync(fd);
  }
}
