import { describe, expect, it } from 'vitest';

import { complaints, isAbsent, isUnreachable, type Outcome } from './virsh.js';

const GONE = `error: failed to get domain '8f1ed3cf-90a0-4a3e-a3f0-9e1f7e9c7c11'
`;
const UNREACHABLE = `error: failed to connect to the hypervisor
error: Failed to connect socket to '/run/x': No such file or directory
`;
const outcome = (text: string): Outcome => ({ ended: 'badly', out: '', error: complaints(text).join('; ') });

describe('what virsh says', () => {
  it('is wrong, with the reason last', () => {
    const text = `2026-01-01 00:00:00.000+0000: 7: error : virCommandWait:2725 : something else\n${UNREACHABLE}`;
    expect(complaints(text)).toEqual([
      'failed to connect to the hypervisor',
      "Failed to connect socket to '/run/x': No such file or directory",
    ]);
    expect(complaints('')).toEqual([]);
  });

  it('tells a domain that there is not from a daemon that there is not', () => {
    expect([GONE, UNREACHABLE, ''].map((text) => isAbsent(outcome(text)))).toEqual([true, false, false]);
    expect([GONE, UNREACHABLE, ''].map((text) => isUnreachable(outcome(text)))).toEqual([false, true, false]);
  });
});
