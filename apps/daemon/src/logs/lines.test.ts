import { describe, expect, it } from 'vitest';

import { Timestamper } from './lines.js';

const T = '2023-11-14T22:13:20.000000001Z ';
const record = (stream: 'stdout' | 'stderr', text: string): Parameters<Timestamper['stamp']>[0] => ({
  stream,
  timeNs: 1_700_000_000_000_000_001n,
  data: Buffer.from(text),
});

describe('Timestamper', () => {
  it('puts the time before every line, and once only', () => {
    const stamper = new Timestamper();
    expect(stamper.stamp(record('stdout', 'a\nb')).toString()).toBe(`${T}a\n${T}b`);
    expect(stamper.stamp(record('stderr', 'e\n')).toString()).toBe(`${T}e\n`);
    expect(stamper.stamp(record('stdout', 'c\n\n')).toString()).toBe(`c\n${T}\n`);
  });
});
