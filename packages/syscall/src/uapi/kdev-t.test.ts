import { statSync } from 'node:fs';

import { needs } from '@ns/testing';
import { expect, test } from 'vitest';

import { major, makedev, minor } from './kdev-t.js';

test.each([
  [1, 3, 0x103],
  [136, 5, 0x8805],
  [259, 0x12345, 0x12310345],
  [4095, 1048575, 0xffffffff],
])('device %i:%i', (majorNumber, minorNumber, device) => {
  expect(makedev(majorNumber, minorNumber)).toBe(device);
  expect([major(device), minor(device)]).toEqual([majorNumber, minorNumber]);
});

test('/dev/null is 1:3', needs('linux'), () => {
  expect(statSync('/dev/null').rdev).toBe(makedev(1, 3));
});
