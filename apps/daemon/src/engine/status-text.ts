import type { RunState } from './record.js';

const STEPS: readonly (readonly [limit: number, seconds: number, one: string, many: string])[] = [
  [60, 1, 'second', 'seconds'],
  [3600, 60, 'minute', 'minutes'],
  [48 * 3600, 3600, 'hour', 'hours'],
  [14 * 86_400, 86_400, 'day', 'days'],
  [60 * 86_400, 7 * 86_400, 'week', 'weeks'],
  [2 * 365 * 86_400, 30 * 86_400, 'month', 'months'],
  [Infinity, 365 * 86_400, 'year', 'years'],
];

/** A length of time in Docker's words: `Less than a second`, `About a minute`, `3 hours`. */
export function humanDuration(seconds: number): string {
  if (seconds < 1) return 'Less than a second';
  const step = STEPS.find(([limit]) => seconds < limit) as (typeof STEPS)[number];
  const [, unit, one, many] = step;
  const count = Math.floor(seconds / unit);
  if (count !== 1) return `${count} ${many}`;
  if (one === 'second') return '1 second';
  return `About ${one === 'hour' ? 'an' : 'a'} ${one}`;
}

/** What `docker ps` shows under STATUS. */
export function statusText(state: RunState, nowMs: number = Date.now()): string {
  const since = (time: string): string => humanDuration((nowMs - Date.parse(time)) / 1000);
  switch (state.status) {
    case 'running':
      return `Up ${since(state.startedAt)}`;
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
    default:
      return 'Created';
  }
}
