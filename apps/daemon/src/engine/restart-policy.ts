import { NsError } from '@ns/errors';

/** When a container that ended is started again. */
export interface RestartPolicy {
  readonly Name: '' | 'no' | 'always' | 'on-failure' | 'unless-stopped';
  readonly MaximumRetryCount: number;
}

const NAMES = ['', 'no', 'always', 'on-failure', 'unless-stopped'] as const;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run this long counts as a success: the next delay is the first one again. */
const SETTLED_MS = 10_000;

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` */
export function parseRestartPolicy(
  given:
    | { Name?: string | null | undefined; MaximumRetryCount?: number | null | undefined }
    | null
    | undefined,
  autoRemove: boolean,
): RestartPolicy {
  const name = given?.Name ?? '';
  const retries = given?.MaximumRetryCount ?? 0;
  if (!NAMES.includes(name as never)) throw badPolicy(`invalid restart policy: unknown policy '${name}'`);
  if (retries < 0) throw badPolicy('invalid restart policy: maximum retry count cannot be negative');
  if (retries > 0 && name !== 'on-failure') {
    throw badPolicy(`invalid restart policy: maximum retry count can only be used with 'on-failure'`);
  }
  if (autoRemove && name !== '' && name !== 'no') {
    throw badPolicy("can't set 'AutoRemove' and a restart policy at the same time");
  }
  return { Name: name as RestartPolicy['Name'], MaximumRetryCount: retries };
}

function badPolicy(message: string): NsError {
  return new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'HostConfig.RestartPolicy',
    message,
    hint: 'The policies are no, always, unless-stopped and on-failure[:retries]; none of them goes with --rm.',
  });
}

/** What decides whether a container is started again. */
export interface Ended {
  readonly exitCode: number;
  /** By a user: `docker stop`, `docker kill`. */
  readonly manuallyStopped: boolean;
  /** Restarts since the user started it. */
  readonly restartCount: number;
}

/** Whether a container that has just ended is started again. */
export function shouldRestart(policy: RestartPolicy, ended: Ended): boolean {
  if (ended.manuallyStopped) return false;
  switch (policy.Name) {
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return (
        ended.exitCode !== 0 &&
        (policy.MaximumRetryCount === 0 || ended.restartCount < policy.MaximumRetryCount)
      );
    default:
      return false;
  }
}

/** Whether a container that is not running is started when the daemon starts (after a reboot, say). */
export function shouldStartWithDaemon(
  policy: RestartPolicy,
  was: { readonly running: boolean; readonly manuallyStopped: boolean; readonly startedBefore: boolean },
): boolean {
  switch (policy.Name) {
    case 'always':
      return was.startedBefore;
    case 'unless-stopped':
      return was.startedBefore && !was.manuallyStopped;
    case 'on-failure':
      return was.running;
    default:
      return false;
  }
}

/**
 * Milliseconds to wait before the next start: 100 ms, doubled at every restart, at most one minute.
 *
 * @param lastMs - The delay before; 0 at first.
 * @param ranMs - How long the run that just ended took.
 */
export function nextDelayMs(lastMs: number, ranMs: number): number {
  if (lastMs === 0 || ranMs >= SETTLED_MS) return FIRST_DELAY_MS;
  return Math.min(lastMs * 2, LONGEST_DELAY_MS);
}
