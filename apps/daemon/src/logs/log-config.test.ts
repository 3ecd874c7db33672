import { describe, expect, it } from 'vitest';

import { logLimits } from './log-config.js';

const MIB = 1024 * 1024;

describe('the log of a container', () => {
  it.each([undefined, null, { Type: '', Config: {} }, { Type: 'json-file', Config: {} }])(
    'is bounded though nobody asks for it: %j',
    (config) => {
      expect(logLimits(config)).toEqual({ maxBytes: 20 * MIB, maxFiles: 5 });
    },
  );

  it('has the size that is asked for', () => {
    const Config = { 'max-size': '3m', 'max-file': '2' };
    expect(logLimits({ Type: 'local', Config })).toEqual({ maxBytes: 3 * MIB, maxFiles: 2 });
  });

  it('is not kept when nobody wants it', () => {
    expect(logLimits({ Type: 'none', Config: {} })).toBeUndefined();
  });

  it.each([
    [{ Type: 'syslog', Config: {} }, "no log driver named 'syslog' is registered"],
    [{ Type: '', Config: { 'max-file': '0' } }, 'is not a number from 1 to 1000'],
    [{ Type: '', Config: { 'max-size': '0' } }, 'would keep nothing'],
  ])('is refused: %j', (config, message) => {
    expect(() => logLimits(config)).toThrow(message);
  });
});
