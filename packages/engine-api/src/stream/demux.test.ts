import { PassThrough, Readable, Writable } from 'node:stream';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { demux, framePieces } from './demux.js';
import { frame, frameHeader, type StreamName } from './frame.js';
import { FrameParser } from './parser.js';

/** Cut bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places].map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b);
  return [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length));
}

function collector(): { stream: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
}

const frames = fc.array(
  fc.record({
    stream: fc.constantFrom<StreamName>('stdout', 'stderr'),
    data: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 20 },
);

describe('frame', () => {
  it('has the bytes of the API documentation', () => {
    expect(frame('stderr', Buffer.from('abc')).toString('hex')).toBe('0200000000000003616263');
    expect(frameHeader('stdout', 0x01020304).toString('hex')).toBe('0100000001020304');
  });
});

describe('demux', () => {
  it('gives each stream its bytes, wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(), { maxLength: 40 }), async (sent, places) => {
        const wire = Buffer.concat(sent.map(({ stream, data }) => frame(stream, data)));
        const [out, err] = [collector(), collector()];
        await demux(Readable.from(cut(wire, places)), { stdout: out.stream, stderr: err.stream });
        const of = (name: StreamName): Buffer =>
          Buffer.concat(sent.filter(({ stream }) => stream === name).map(({ data }) => data));
        expect(out.bytes()).toEqual(of('stdout'));
        expect(err.bytes()).toEqual(of('stderr'));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the order between the streams', async () => {
    const wire = [
      frame('stdout', Buffer.from('a')),
      frame('stderr', Buffer.from('b')),
      frame('stdout', Buffer.from('c')),
    ];
    const seen: string[] = [];
    for await (const { stream, data } of framePieces(Readable.from([Buffer.concat(wire)]))) {
      seen.push(`${stream} ${data.toString()}`);
    }
    expect(seen).toEqual(['stdout a', 'stderr b', 'stdout c']);
  });

  it('hands a long payload on as it comes', () => {
    const parser = new FrameParser();
    expect([...parser.push(frameHeader('stdout', 1_000_000))]).toEqual([]);
    const [piece] = parser.push(Buffer.from('beginning'));
    expect(piece?.data.toString()).toBe('beginning');
  });

  it('drops what has no target', async () => {
    const out = collector();
    const wire = Buffer.concat([frame('stderr', Buffer.from('no')), frame('stdout', Buffer.from('yes'))]);
    await demux(Readable.from([wire]), { stdout: out.stream });
    expect(out.bytes().toString()).toBe('yes');
  });

  it('reads nothing while a target is full', async () => {
    let reads = 0;
    const payload = frame('stdout', Buffer.alloc(1000));
    const source = new Readable({
      highWaterMark: 1,
      read() {
        reads += 1;
        this.push(reads > 100 ? null : payload);
      },
    });
    const held: (() => void)[] = [];
    const target = new Writable({ highWaterMark: 1, write: (_, __, done) => void held.push(done) });
    const done = demux(source, { stdout: target });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reads).toBeLessThan(5);
    const release = setInterval(() => {
      for (const one of held.splice(0)) one();
    });
    await done;
    clearInterval(release);
    expect(reads).toBe(101);
  });

  it('ends with the error of a target that breaks, and lets go of the source', async () => {
    const source = new PassThrough();
    const target = new Writable({ highWaterMark: 1, write: (_, __, done) => done(new Error('EPIPE')) });
    target.on('error', () => undefined);
    source.write(frame('stdout', Buffer.alloc(10)));
    await expect(demux(source, { stdout: target })).rejects.toThrow('EPIPE');
    expect(source.destroyed).toBe(true);
  });

  it('refuses a stream that is not framed, and says what it may be', async () => {
    const source = Readable.from([Buffer.from('root@host:/# ls\r\n')]);
    await expect(demux(source, {})).rejects.toMatchObject({
      code: 'ERR_NS_CORRUPT',
      hint: expect.stringContaining('terminal'),
    });
  });

  it.each([
    ['in its header', Buffer.from([1, 0, 0])],
    ['5 bytes early', frame('stdout', Buffer.from('12345')).subarray(0, 8)],
  ])('tells of a connection that ends within a frame, %s', async (where, bytes) => {
    await expect(demux(Readable.from([bytes]), {})).rejects.toMatchObject({
      code: 'ERR_NS_CONNECTION',
      message: `stream: the connection ended within a frame, ${where}`,
    });
  });

  it("reports the engine's own error", async () => {
    const source = Readable.from([frame('systemerr', Buffer.from('log file is gone\n'))]);
    await expect(demux(source, {})).rejects.toMatchObject({
      code: 'ERR_NS_API',
      message: 'stream: log file is gone',
    });
  });
});
