import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pipe as pipePair } from '@ns/syscall';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { nowNs } from '../engine/clock.js';
import { LogFile, type LogLimits } from './log-file.js';
import { type ReadOptions, readLog } from './reader.js';
import { encodeOpenHeader, type LogRecord } from './record.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(limits?: LogLimits): LogFile {
  const log = new LogFile(join(directory, 'x.log'), limits);
  log.open();
  return log;
}

async function read(log: LogFile, options: Partial<ReadOptions> = {}): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of readLog(log, { streams: ['stdout', 'stderr'], ...options }))
    records.push(record);
  return records;
}

const text = (records: readonly LogRecord[]): string =>
  records.map(({ data }) => data.toString('latin1')).join('');

describe('LogFile', () => {
  it('keeps every byte, the stream and the time', async () => {
    const log = open();
    const before = nowNs();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    log.append('stdout', bytes);
    log.append('stderr', Buffer.from('oops\n'));
    const records = await read(log);
    expect(records.map(({ stream }) => stream)).toEqual(['stdout', 'stderr']);
    expect(records[0]?.data).toEqual(bytes);
    expect(records[0]?.timeNs).toBeGreaterThanOrEqual(before);
    expect(text(await read(log, { streams: ['stderr'] }))).toBe('oops\n');
  });

  it('splits what is too large for one record', async () => {
    const log = open();
    const large = Buffer.alloc(1_000_000, 'x');
    log.append('stdout', large);
    const records = await read(log);
    expect(records.length).toBe(4);
    expect(Buffer.concat(records.map(({ data }) => data)).equals(large)).toBe(true);
  });

  it('rotates, and keeps no more files than allowed', async () => {
    const log = open({ maxBytes: 1000, maxFiles: 3 });
    for (let i = 0; i < 100; i += 1) log.append('stdout', Buffer.from(`${String(i).padStart(79, ' ')}\n`));
    const lines = text(await read(log))
      .trimEnd()
      .split('\n')
      .map(Number);
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => 100 - lines.length + index));
    expect(lines.length).toBeGreaterThan(20);
    expect(() => statSync(join(directory, 'x.log.3'))).toThrow('ENOENT');
    log.remove();
    expect(() => statSync(join(directory, 'x.log.1'))).toThrow('ENOENT');
  });

  it('goes on behind what an earlier daemon wrote, without its torn last record', async () => {
    const first = open();
    first.append('stdout', Buffer.from('one\n'));
    first.append('stdout', Buffer.from('two\n'));
    first.close();
    appendFileSync(first.path, readFileSync(first.path).subarray(0, 17));
    const second = open();
    second.append('stdout', Buffer.from('three\n'));
    expect(text(await read(second))).toBe('one\ntwo\nthree\n');
  });
});

describe('readLog', () => {
  const lines = (log: LogFile, ...all: string[]): void => {
    for (const line of all) log.append('stdout', Buffer.from(line));
  };

  it.each([
    [0, ''],
    [1, 'c\n'],
    [2, 'b\nc\n'],
    [9, 'a\nb\nc\n'],
  ])('tail %d', async (tail, expected) => {
    const log = open();
    lines(log, 'a\n', 'b\nc\n');
    expect(text(await read(log, { tail }))).toBe(expected);
  });

  it.each([
    [1, 'd'],
    [2, 'c\nd'],
  ])('tail %d with a line that is not ended', async (tail, expected) => {
    const log = open();
    lines(log, 'a\nb', '\nc\n', 'd');
    expect(text(await read(log, { tail }))).toBe(expected);
  });

  it('tail counts empty lines, and lines of one newline', async () => {
    const log = open();
    lines(log, 'a\n', '\n', '\n');
    expect(text(await read(log, { tail: 2 }))).toBe('\n\n');
  });

  it('tail counts the lines of the chosen streams only', async () => {
    const log = open();
    lines(log, 'a\n', 'b\n');
    log.append('stderr', Buffer.from('x\ny\n'));
    expect(text(await read(log, { tail: 1, streams: ['stdout'] }))).toBe('b\n');
    expect(text(await read(log, { tail: 3 }))).toBe('b\nx\ny\n');
  });

  it.each([
    [undefined, 'a\nb\n'],
    [1, 'b\n'],
  ])('ends where it ended when it was asked for: tail %s', async (tail, expected) => {
    const log = open();
    log.append('stdout', Buffer.from('a\nb\n'));
    const reading = read(log, { tail });
    log.append('stdout', Buffer.from('later\n'));
    expect(text(await reading)).toBe(expected);
  });

  it('tail reaches into rotated files', async () => {
    const log = open({ maxBytes: 100, maxFiles: 5 });
    for (let i = 10; i < 30; i += 1) lines(log, `${i}\n`);
    expect(text(await read(log, { tail: 10 }))).toBe(
      Array.from({ length: 10 }, (_, i) => `${i + 20}\n`).join(''),
    );
  });

  it('since and until', async () => {
    const log = open();
    lines(log, 'a\n');
    const first = nowNs();
    lines(log, 'b\n');
    const second = nowNs();
    lines(log, 'c\n');
    expect(text(await read(log, { sinceNs: first }))).toBe('b\nc\n');
    expect(text(await read(log, { untilNs: first }))).toBe('a\n');
    expect(text(await read(log, { sinceNs: first, untilNs: second }))).toBe('b\n');
  });

  it('follows across rotations to the end of the run', async () => {
    const log = open({ maxBytes: 500, maxFiles: 10 });
    lines(log, 'first\n');
    const reading = read(log, { follow: true });
    for (let i = 0; i < 100; i += 1) {
      lines(log, `${i}\n`);
      if (i % 10 === 0) await new Promise((resolve) => void setTimeout(resolve, 1));
    }
    log.close();
    expect(text(await reading)).toBe(`first\n${Array.from({ length: 100 }, (_, i) => `${i}\n`).join('')}`);
  });

  it('ends at once when it does not run', async () => {
    const log = open();
    lines(log, 'a\n');
    log.close();
    expect(text(await read(log, { follow: true }))).toBe('a\n');
  });

  it('stops to follow when the reader has gone, and forgets it', async () => {
    const log = open();
    const gone = new AbortController();
    const reading = read(log, { follow: true, signal: gone.signal });
    setTimeout(() => gone.abort(), 5);
    expect(await reading).toEqual([]);
  });

  it('stops to follow at until', async () => {
    const log = open();
    lines(log, 'a\n');
    expect(text(await read(log, { follow: true, untilNs: nowNs() + 20_000_000n }))).toBe('a\n');
  });
});

describe('LogFile.take', () => {
  const write = (fd: number, data: string | Buffer): unknown =>
    writeSync(fd, typeof data === 'string' ? Buffer.from(data) : data);

  it('moves what is in a pipe into the log, and gives a copy', async () => {
    const log = open();
    using pipe = pipePair({ nonblocking: 'read' });
    log.append('stderr', Buffer.from('first\n'));
    write(pipe.write.fd, 'one\ntwo\n');
    expect(log.take('stdout', pipe.read.fd)?.toString()).toBe('one\ntwo\n');
    expect(log.take('stdout', pipe.read.fd)).toBeUndefined();
    log.append('stderr', Buffer.from('last\n'));
    pipe.write.close();
    expect(log.take('stdout', pipe.read.fd)).toHaveLength(0);
    expect(text(await read(log))).toBe('first\none\ntwo\nlast\n');
    expect(text(await read(log, { tail: 2 }))).toBe('two\nlast\n');
  });

  it('keeps to the size of its files', async () => {
    const log = open({ maxBytes: 10_000, maxFiles: 10 });
    using pipe = pipePair({ nonblocking: 'read' });
    const data = Buffer.from(Array.from({ length: 30_000 }, (_, index) => index % 251));
    write(pipe.write.fd, data);
    while (log.take('stdout', pipe.read.fd) !== undefined) continue;
    for (let generation = log.oldest; generation <= log.generation; generation += 1) {
      expect(statSync(log.pathOf(generation)).size).toBeLessThanOrEqual(10_000);
    }
    expect(Buffer.concat((await read(log)).map((record) => record.data)).equals(data)).toBe(true);
  });

  it.each([
    ['the data was moved', 0],
    ['the header was written', 4],
  ])('loses and doubles nothing when the daemon dies after %s', async (_, cut) => {
    const log = open();
    using pipe = pipePair({ nonblocking: 'read' });
    log.append('stdout', Buffer.from('before\n'));
    const whole = statSync(log.path).size;
    write(pipe.write.fd, 'moved\n');
    log.take('stdout', pipe.read.fd);
    const file = readFileSync(log.path);
    const left = file.subarray(0, file.length - 4);
    // As it is on the disk then: without its trailer, and at first with the header of an open record.
    if (cut === 0) encodeOpenHeader('stdout', nowNs()).copy(left, whole);
    writeFileSync(log.path, left);
    const again = open();
    again.append('stdout', Buffer.from('after\n'));
    expect(text(await read(again))).toBe('before\nmoved\nafter\n');
    expect(text(await read(again, { tail: 2 }))).toBe('moved\nafter\n');
  });

  it('forgets an open record in which there is nothing', async () => {
    const log = open();
    log.append('stdout', Buffer.from('before\n'));
    appendFileSync(log.path, encodeOpenHeader('stdout', nowNs()));
    const again = open();
    again.append('stdout', Buffer.from('after\n'));
    expect(text(await read(again))).toBe('before\nafter\n');
  });
});
