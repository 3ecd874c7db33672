import { describe, expect, it } from 'vitest';

import { NEVER_RUN } from './record.js';
import { humanDuration, statusText } from './status-text.js';

describe('humanDuration', () => {
  it.each([
    [0.4, 'Less than a second'],
    [1, '1 second'],
    [59, '59 seconds'],
    [60, 'About a minute'],
    [150, '2 minutes'],
    [3700, 'About an hour'],
    [47 * 3600, '47 hours'],
    [3 * 86_400, '3 days'],
    [21 * 86_400, '3 weeks'],
    [100 * 86_400, '3 months'],
    [3 * 366 * 86_400, '3 years'],
  ])('%d s is %s', (seconds, text) => {
    expect(humanDuration(seconds)).toBe(text);
  });
});

describe('statusText', () => {
  const now = Date.parse('2026-01-01T00:03:00Z');
  const times = { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:02:00Z' };
  it.each([
    [{ ...NEVER_RUN, ...times, status: 'running' as const }, 'Up 3 minutes'],
    [{ ...NEVER_RUN, ...times, status: 'paused' as const }, 'Up 3 minutes (Paused)'],
    [{ ...NEVER_RUN, ...times, status: 'exited' as const, exitCode: 137 }, 'Exited (137) About a minute ago'],
    [
      { ...NEVER_RUN, ...times, status: 'restarting' as const, exitCode: 1 },
      'Restarting (1) About a minute ago',
    ],
    [NEVER_RUN, 'Created'],
  ])('%#', (state, text) => {
    expect(statusText(state, now)).toBe(text);
  });
});
