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

  test('says what is missing, and how to install it', async () => {
    const { available, reason, hint } = await probe({ path: '/none/qemu' });
    expect(available).toBe(false);
    if (process.arch === 'x64')
      expect([reason, hint]).toEqual(['/none/qemu is not installed', 'apt-get install qemu-system-x86']);
    await expect(probe({ nonsense: '1' })).resolves.toMatchObject({ available: false });
  });
});
