import { describe, expect, test } from 'vitest';

import { decodeFileCapabilities, encodeFileCapabilities, formatFileCapabilities } from './index.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('struct vfs_cap_data', () => {
  test.each([
    [
      'version 2',
      '01000002 00200000 00000000 00010000 00000000',
      { permitted: 0x100_0000_2000n, inheritable: 0n, effective: true },
    ],
    [
      'version 3',
      '00000003 00200000 01000000 00000000 00000000 a0860100',
      { permitted: 0x2000n, inheritable: 1n, effective: false, rootId: 100_000 },
    ],
  ])('%s is read and written', (_, bytes, capabilities) => {
    expect(decodeFileCapabilities(hex(bytes))).toEqual(capabilities);
    expect(encodeFileCapabilities(capabilities)).toEqual(hex(bytes));
  });

  test('version 1, which only old files have, is read', () => {
    const capabilities = { permitted: 0x2000n, inheritable: 1n, effective: true };
    expect(decodeFileCapabilities(hex('01000001 00200000 01000000'))).toEqual(capabilities);
  });

  test.each([
    ['nothing', ''],
    ['half a word', '0100'],
    ['version 2 with the size of version 1', '01000002 00200000 00000000'],
    ['version 2 with the size of version 3', '01000002 00200000 00000000 00010000 00000000 00000000'],
    ['version 4', '00000004 00200000 00000000 00010000 00000000'],
  ])('%s is refused', (_, bytes) => {
    expect(() => decodeFileCapabilities(hex(bytes))).toThrow('are no security.capability');
  });

  test.each([-1, 1.5, 0xffff_ffff])('root id %d is refused', (rootId) => {
    expect(() => encodeFileCapabilities({ permitted: 1n, inheritable: 0n, effective: true, rootId })).toThrow(
      `root id ${rootId} is no user id`,
    );
  });
});

test('file capabilities print as getcap prints them', () => {
  const capabilities = { permitted: 0x2000n, inheritable: 1n, effective: true };
  expect(formatFileCapabilities(capabilities)).toBe('cap_chown=ei cap_net_raw+ep');
  expect(formatFileCapabilities({ ...capabilities, inheritable: 0n, rootId: 7 })).toBe(
    'cap_net_raw=ep [rootid=7]',
  );
});
