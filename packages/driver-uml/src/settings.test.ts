import { describe, expect, test } from 'vitest';

import { readSettings } from './settings.js';

describe('settings', () => {
  test('have defaults, and are read', () => {
    expect(readSettings()).toEqual({ path: '/usr/bin/linux.uml', memoryMiB: 512 });
    expect(readSettings({ path: '/opt/linux', memory: '256' })).toEqual({
      path: '/opt/linux',
      memoryMiB: 256,
    });
  });

  test.each([
    [{ paht: '/x' }, 'no setting "paht"'],
    [{ path: 'linux' }, 'path "linux" is not absolute'],
    [{ path: '/q\0' }, 'is not absolute'],
    [{ memory: '63' }, 'memory "63" is not a number of MiB from 64'],
    [{ memory: '1G init=/bin/sh' }, 'is not a number of MiB'],
    [{ memory: '' }, 'memory ""'],
  ])('refuse %j', (settings, message) => {
    expect(() => readSettings(settings)).toThrow(
      expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT' }),
    );
    expect(() => readSettings(settings)).toThrow(message);
  });
});
