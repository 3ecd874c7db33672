import { describe, expect, test } from 'vitest';

import { judge, probe } from './probe.js';

describe('a probe', () => {
  test('reads the version of the emulator', () => {
    const text = 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright\n';
    expect(judge('/q', '6.1.0-56-amd64', text)).toEqual({
      available: true,
      version: '7.2.22, Linux 6.1.0-56-amd64',
    });
  });

  test('takes nothing else for an emulator', () => {
    expect(judge('/q', '6.1', undefined)).toMatchObject({
      available: false,
      reason: '/q does not say its version',
    });
    expect(judge('/q', '6.1', 'hello\n')).toMatchObject({ available: false });
  });

  test('says what is missing', async () => {
    await expect(probe({ path: '/none/qemu' })).resolves.toMatchObject({
      available: false,
      hint: expect.any(String),
    });
    await expect(probe({ nonsense: '1' })).resolves.toMatchObject({ available: false });
  });
});
