import { describe, expect, it } from 'vitest';

import { deviceNumber } from './machine.js';

describe('deviceNumber', () => {
  it.each([
    [0x0103, 1, 3],
    [0x8800, 136, 0],
    // makedev(259, 300), and the largest that fit into 32 bits.
    [0x11_032c, 259, 300],
    [0xffff_ffff, 0xfff, 0xf_ffff],
  ])('%d is %d:%d', (rdev, major, minor) => {
    expect(deviceNumber(rdev)).toEqual({ major, minor });
  });
});
