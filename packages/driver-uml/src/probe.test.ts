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

  test('says what is missing', async () => {
    await expect(probe({ path: '/none/linux' })).resolves.toMatchObject({
      available: false,
      hint: expect.any(String),
    });
    await expect(probe({ nonsense: '1' })).resolves.toMatchObject({ available: false });
  });
});
