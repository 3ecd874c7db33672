import { closeSync, existsSync, ftruncateSync, openSync, renameSync, rmSync, writevSync } from 'node:fs';

import { NsError } from '@ns/errors';

import { nowNs } from '../engine/clock.js';
import { encodeHeader, encodeTrailer, MAX_DATA_BYTES, RECORD_OVERHEAD, type StreamKind } from './record.js';
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

/**
 * The log of one container: `ID.log` is being written, `ID.log.1` is the one before, and so on.
 *
 * @remarks
 * Writes are synchronous, one `writev(2)` each: what was read from the container is in the page cache before the
 * event loop does anything else, so a daemon that is killed has lost nothing it had taken out of the pipe.
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

  /** Begin to write, after what is there. */
  open(): void {
    this.#active = true;
    if (this.#fd !== undefined) return;
    this.#fd = openSync(this.path, 'a+', 0o640);
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

  #write(stream: StreamKind, data: Buffer, timeNs: bigint): void {
    const bytes = data.length + RECORD_OVERHEAD;
    if (this.#size > 0 && this.#size + bytes > this.limits.maxBytes) this.#rotate();
    const fd = this.#fd;
    if (fd === undefined) throw failed(this.path, 'the log is closed', undefined);
    try {
      const written = writevSync(fd, [
        encodeHeader(stream, data.length, timeNs),
        data,
        encodeTrailer(data.length),
      ]);
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
    this.#fd = openSync(this.path, 'a+', 0o640);
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

function failed(path: string, message: string, cause: unknown): NsError {
  return new NsError('ERR_NS_CONFLICT', {
    operation: 'container log',
    message: `${path}: ${message}`,
    path,
    hint: 'Make room on the disk of the data root; output goes to attached clients meanwhile.',
    cause,
  });
}
