import { describe, expect, test } from 'vitest';

import { judge, probe } from './probe.js';

describe('a probe', () => {
  test('reads the version of the kernel', () => {
    expect(judge('/linux', '6.1.176\n')).toEqual({ available: true, version: '6.1.176' });
  });

  test('takes nothing else for a kernel', () => {
    expect(judge('/linux', undefined)).toMatchObject({
      available: false,
      reason: '/linux does not say its version',
    });
    expect(judge('/linux', 'hello\n')).toMatchObject({ available: false });
  });

  test('says what is missing, and how to install it', async () => {
    const { available, reason, hint } = await probe({ path: '/none/linux' });
    expect(available).toBe(false);
    if (process.arch === 'x64')
      expect([reason, hint]).toEqual(['/none/linux is not installed', 'apt-get install user-mode-linux']);
    await expect(probe({ nonsense: '1' })).resolves.toMatchObject({ available: false });
  });
});
