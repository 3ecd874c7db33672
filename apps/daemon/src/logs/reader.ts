import { closeSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { nowNs } from '../engine/clock.js';
import type { LogFile } from './log-file.js';
import type { LogRecord, StreamKind } from './record.js';
import { backwards, SegmentReader } from './segment.js';

/** What of a log is read. */
export interface ReadOptions {
  readonly streams: readonly StreamKind[];
  /** Nanoseconds since 1970, both ends included. */
  readonly sinceNs?: bigint | undefined;
  readonly untilNs?: bigint | undefined;
  /** Only the last so many lines. */
  readonly tail?: number | undefined;
  /** Go on with what is appended, until the container ends. */
  readonly follow?: boolean | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

interface Cursor {
  readonly generation: number;
  readonly offset: number;
  /** Bytes of the first record that are passed over. */
  readonly skip: number;
}

/** How far a log goes at a moment: what is appended later is not of it. */
interface Extent {
  readonly generation: number;
  /** Bytes; undefined when nothing is appended any more. */
  readonly size: number | undefined;
}

const NEWLINE = 10;

/** The records of a log, in the order in which they were written; at most two blocks of it are in memory. */
export async function* readLog(log: LogFile, options: ReadOptions): AsyncGenerator<LogRecord> {
  const extent: Extent = { generation: log.generation, size: log.size };
  const start =
    options.tail === undefined
      ? { generation: log.oldest, offset: 0, skip: 0 }
      : await findTail(log, extent, options.tail, options.streams);
  let { skip } = start;
  for await (const record of walk(log, start, options.follow === true ? undefined : extent, options)) {
    const data = skip > 0 ? record.data.subarray(skip) : record.data;
    skip = 0;
    if (options.untilNs !== undefined && record.timeNs > options.untilNs) return;
    if (options.sinceNs !== undefined && record.timeNs < options.sinceNs) continue;
    if (data.length > 0 && options.streams.includes(record.stream)) yield { ...record, data };
  }
}

async function* walk(
  log: LogFile,
  start: Cursor,
  extent: Extent | undefined,
  options: ReadOptions,
): AsyncGenerator<LogRecord> {
  let offset = start.offset;
  for (let generation = start.generation; ; generation += 1) {
    generation = Math.max(generation, log.oldest);
    const file = await openGeneration(log, generation);
    try {
      if (file !== undefined) {
        const end = generation === extent?.generation ? extent.size : undefined;
        yield* walkFile(log, new SegmentReader(file, offset, end), generation, options);
      }
    } finally {
      await file?.close();
    }
    offset = 0;
    if (generation >= (extent ?? log).generation || isOver(options)) return;
  }
}

async function* walkFile(
  log: LogFile,
  reader: SegmentReader,
  generation: number,
  options: ReadOptions,
): AsyncGenerator<LogRecord> {
  while (!isOver(options)) {
    // Both are read before the file is: what is appended after that, and then rotated away, is found next time.
    const isCurrent = generation === log.generation;
    const mayGrow = isCurrent && options.follow === true && log.isActive;
    const appended = mayGrow ? nextAppend(log, options) : undefined;
    const records = await reader.next();
    if (records.length > 0) {
      appended?.cancel();
      yield* records;
    } else if (appended !== undefined) {
      await appended.promise;
    } else {
      return;
    }
  }
}

const isOver = (options: ReadOptions): boolean =>
  options.signal?.aborted === true ||
  (options.follow === true && options.untilNs !== undefined && options.untilNs < nowNs());

/** Resolves at the next append, at the end of the log, when the reader is no longer wanted, or at `untilNs`. */
function nextAppend(log: LogFile, options: ReadOptions): { promise: Promise<void>; cancel: () => void } {
  const { promise, resolve } = withResolvers();
  const unwatch = log.watch(resolve);
  options.signal?.addEventListener('abort', resolve, { once: true });
  const leftMs =
    options.untilNs === undefined ? undefined : Number((options.untilNs - nowNs()) / 1_000_000n) + 1;
  const timer =
    leftMs === undefined ? undefined : setTimeout(resolve, Math.min(Math.max(leftMs, 0), 2 ** 31 - 1));
  const cancel = (): void => {
    unwatch();
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', resolve);
  };
  return { promise: promise.finally(cancel), cancel };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function openGeneration(log: LogFile, generation: number): Promise<FileHandle | undefined> {
  const path = log.pathOf(generation);
  let fd: number;
  try {
    // Synchronous, so that no rotation comes between the name and the file; then opened anew as a handle by descriptor.
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await open(`/proc/self/fd/${fd}`, 'r');
  } finally {
    closeSync(fd);
  }
}

/** The place where the last `count` lines begin. A line of one stream may stand between the parts of one of the other. */
async function findTail(
  log: LogFile,
  extent: Extent,
  count: number,
  streams: readonly StreamKind[],
): Promise<Cursor> {
  const seen = new Set<StreamKind>();
  let lines = 0;
  for (let { generation } = extent; generation >= log.oldest; generation -= 1) {
    const file = await openGeneration(log, generation);
    if (file === undefined) continue;
    try {
      // Behind the last whole record there may be one that is being written.
      const whole = generation === extent.generation ? extent.size : undefined;
      for await (const record of backwards(file, whole ?? (await file.stat()).size)) {
        if (!streams.includes(record.stream)) continue;
        const place = { generation, offset: record.offset };
        let end = record.data.length;
        if (!seen.has(record.stream)) {
          seen.add(record.stream);
          lines += 1;
          if (lines > count) return { ...place, skip: end };
          // The newline that ends the last line does not begin another one.
          if (record.data[end - 1] === NEWLINE) end -= 1;
        }
        for (let at = newlineBefore(record.data, end); at !== -1; at = newlineBefore(record.data, at)) {
          lines += 1;
          if (lines > count) return { ...place, skip: at + 1 };
        }
      }
    } finally {
      await file.close();
    }
  }
  return { generation: log.oldest, offset: 0, skip: 0 };
}

// `lastIndexOf` counts a negative position from the end.
const newlineBefore = (data: Buffer, end: number): number =>
  end === 0 ? -1 : data.lastIndexOf(NEWLINE, end - 1);
