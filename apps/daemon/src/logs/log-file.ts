import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
  writevSync,
} from 'node:fs';

import { NsError } from '@ns/errors';
import { ERRNO, SPLICE, syscall } from '@ns/syscall';

import { nowNs } from '../engine/clock.js';
import {
  encodeHeader,
  encodeOpenHeader,
  encodeTrailer,
  HEADER_BYTES,
  MAX_DATA_BYTES,
  RECORD_OVERHEAD,
  type StreamKind,
  TRAILER_BYTES,
} from './record.js';
import { repair } from './segment.js';

/** How large a log may become. */
export interface LogLimits {
  /** Bytes of one file, after which a new one is begun. */
  readonly maxBytes: number;
  /** Files kept, the one being written included. */
  readonly maxFiles: number;
}

/** 100 MiB for each container. */
export const DEFAULT_LIMITS: LogLimits = { maxBytes: 20 * 1024 * 1024, maxFiles: 5 };

/** What a pipe holds unless somebody has changed it. */
const PIPE_BYTES = 64 * 1024;
/** A record of a pipe gets at least so much room. */
const LEAST_TAKE = 4096;
// Not O_APPEND: splice(2) refuses it.
const FLAGS = constants.O_RDWR | constants.O_CREAT;

/**
 * The log of one container: `ID.log` is being written, `ID.log.1` is the one before, and so on.
 *
 * @remarks
 * Output of a pipe is moved into the file by the kernel, {@link LogFile.take}: a daemon that is killed at any moment has
 * neither lost nor doubled a byte. A terminal has to be read first, {@link LogFile.append}: the write follows at once,
 * and what is lost with the daemon is what it had read in that instant.
 */
export class LogFile {
  readonly path: string;
  readonly limits: LogLimits;
  readonly #watchers = new Set<() => void>();
  #fd: number | undefined;
  #size = 0;
  #generation: number;
  #active = false;

  constructor(path: string, limits: LogLimits = DEFAULT_LIMITS) {
    this.path = path;
    this.limits = limits;
    let rotated = 0;
    while (existsSync(`${path}.${rotated + 1}`)) rotated += 1;
    this.#generation = rotated;
  }

  /** The number of the file being written; it grows by one at each rotation. */
  get generation(): number {
    return this.#generation;
  }

  /** The number of the oldest file that is kept. */
  get oldest(): number {
    return Math.max(0, this.#generation - this.limits.maxFiles + 1);
  }

  /** Whether more may be appended: readers that follow wait while this holds. */
  get isActive(): boolean {
    return this.#active;
  }

  /** The path of a file by its number, as long as it is kept. */
  pathOf(generation: number): string {
    return generation === this.#generation ? this.path : `${this.path}.${this.#generation - generation}`;
  }

  /** Bytes of the file being written, up to the end of its last whole record; undefined while nothing is written. */
  get size(): number | undefined {
    return this.#fd === undefined ? undefined : this.#size;
  }

  /** Begin to write, after what is there. */
  open(): void {
    this.#active = true;
    if (this.#fd !== undefined) return;
    this.#fd = openSync(this.path, FLAGS, 0o640);
    this.#size = repair(this.#fd);
  }

  /** @throws {@link NsError} `ERR_NS_CONFLICT` when the disk does not take it; the log is as it was then. */
  append(stream: StreamKind, data: Buffer): void {
    const timeNs = nowNs();
    for (let at = 0; at < data.length; at += MAX_DATA_BYTES) {
      this.#write(stream, data.subarray(at, at + MAX_DATA_BYTES), timeNs);
    }
    this.#notify();
  }

  /**
   * Move what is in a pipe to the end of the log, as one record.
   *
   * @remarks
   * splice(2): the bytes leave the pipe and are in the file in one step of the kernel. A crash after it leaves an open
   * record, which is closed when the log is opened again.
   *
   * @param pipe - The end that is read, non-blocking.
   * @returns A copy of what was moved; `undefined` when the pipe is empty, an empty buffer at its end.
   * @throws {@link NsError} `ERR_NS_CONFLICT` when the disk does not take it; the pipe and the log are as they were then.
   */
  take(stream: StreamKind, pipe: number): Buffer | undefined {
    const { maxBytes } = this.limits;
    if (this.#size > 0 && this.#size + RECORD_OVERHEAD + LEAST_TAKE > maxBytes) this.#rotate();
    const fd = this.#fd;
    if (fd === undefined) throw failed(this.path, 'the log is closed', undefined);
    const timeNs = nowNs();
    const start = this.#size + HEADER_BYTES;
    const room = Math.max(LEAST_TAKE, Math.min(PIPE_BYTES, maxBytes - this.#size - RECORD_OVERHEAD));
    let data: Buffer | undefined;
    try {
      writeSync(fd, encodeOpenHeader(stream, timeNs), 0, HEADER_BYTES, this.#size);
      const length = splice(pipe, fd, start, room);
      if (length <= 0) {
        ftruncateSync(fd, this.#size);
        return length === 0 ? Buffer.alloc(0) : undefined;
      }
      data = Buffer.allocUnsafe(length);
      readSync(fd, data, 0, length, start);
      // In this order: see `repair`.
      writeSync(fd, encodeHeader(stream, length, timeNs), 0, HEADER_BYTES, this.#size);
      writeSync(fd, encodeTrailer(length), 0, TRAILER_BYTES, start + length);
      this.#size += length + RECORD_OVERHEAD;
      this.#notify();
      return data;
    } catch (error) {
      ftruncateSync(fd, this.#size);
      // What has left the pipe goes on to the clients; the next call says that the disk is full.
      if (data !== undefined) return data;
      throw failed(this.path, 'output cannot be written', error);
    }
  }

  #write(stream: StreamKind, data: Buffer, timeNs: bigint): void {
    const bytes = data.length + RECORD_OVERHEAD;
    if (this.#size > 0 && this.#size + bytes > this.limits.maxBytes) this.#rotate();
    const fd = this.#fd;
    if (fd === undefined) throw failed(this.path, 'the log is closed', undefined);
    try {
      const parts = [encodeHeader(stream, data.length, timeNs), data, encodeTrailer(data.length)];
      const written = writevSync(fd, parts, this.#size);
      if (written < bytes)
        throw failed(this.path, `only ${written} of ${bytes} bytes were written`, undefined);
    } catch (error) {
      // A record that is there in part would make every later one unreadable.
      ftruncateSync(fd, this.#size);
      throw NsError.is(error) ? error : failed(this.path, 'output cannot be written', error);
    }
    this.#size += bytes;
  }

  #rotate(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    const keep = this.limits.maxFiles - 1;
    rmSync(keep === 0 ? this.path : `${this.path}.${keep}`, { force: true });
    for (let index = keep - 1; index >= 0; index -= 1) {
      const from = index === 0 ? this.path : `${this.path}.${index}`;
      if (existsSync(from)) renameSync(from, `${this.path}.${index + 1}`);
    }
    this.#generation += 1;
    this.#fd = openSync(this.path, FLAGS, 0o640);
    this.#size = 0;
  }

  /** Hear of every append, and of the end. @returns A function that ends it. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** The run has ended: close the file, and let readers that follow come to their end. */
  close(): void {
    this.#active = false;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#notify();
  }

  /** Close the log and delete all its files. */
  remove(): void {
    this.close();
    for (let generation = this.oldest; generation <= this.#generation; generation += 1) {
      rmSync(this.pathOf(generation), { force: true });
    }
  }
}

/** The bytes that were moved; 0 at the end of the pipe, negative when it is empty. */
function splice(pipe: number, file: number, at: number, length: number): number {
  const offset = Buffer.alloc(8);
  offset.writeBigUInt64LE(BigInt(at));
  const flags = SPLICE.SPLICE_F_MOVE | SPLICE.SPLICE_F_NONBLOCK;
  const purpose = { what: 'move output into the log', expected: [ERRNO.EAGAIN] };
  return syscall(purpose, 'splice', pipe, null, file, offset, length, flags);
}

function failed(path: string, message: string, cause: unknown): NsError {
  return new NsError('ERR_NS_CONFLICT', {
    operation: 'container log',
    message: `${path}: ${message}`,
    path,
    hint: 'Make room on the disk of the data root; output goes to attached clients meanwhile.',
    cause,
  });
}
