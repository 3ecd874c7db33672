import { Readable } from 'node:stream';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonLines } from './json-lines.js';

async function all(chunks: readonly Buffer[]): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(Readable.from(chunks))) values.push(value);
  return values;
}

describe('jsonLines', () => {
  it('reads objects, wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ status: fc.string({ unit: 'grapheme' }), n: fc.integer() }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 17 }),
        fc.constantFrom('\n', '\r\n'),
        async (sent, step, newline) => {
          const bytes = Buffer.from(sent.map((value) => JSON.stringify(value) + newline).join(''));
          const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
            bytes.subarray(i * step, (i + 1) * step),
          );
          expect(await all(chunks)).toEqual(sent);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('takes a last line without its end, and passes empty ones over', async () => {
    expect(await all([Buffer.from('\r\n{"a":1}\n\n{"b":2}')])).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('refuses what is no JSON', async () => {
    await expect(all([Buffer.from('<html>\n')])).rejects.toMatchObject({
      code: 'ERR_NS_CORRUPT',
      message: 'stream: not a JSON message: "<html>"',
    });
  });

  it('does not collect a line without end', async () => {
    const chunks = Array.from({ length: 20 }, () => Buffer.alloc(1024 * 1024, 'x'));
    await expect(all(chunks)).rejects.toMatchObject({ code: 'ERR_NS_CORRUPT' });
  });
});
