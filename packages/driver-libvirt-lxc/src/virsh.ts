import { execFile } from 'node:child_process';

import { VIRSH } from './install.js';

/** How a run of virsh ended: `late` when it was ended for taking too long. */
export interface Outcome {
  readonly ended: 'well' | 'badly' | 'late';
  readonly out: string;
  /** What it says is wrong, without its own prefix; empty when nothing is. */
  readonly error: string;
}

/** Run virsh, without a shell. Does not reject. */
export const virsh = (args: readonly string[], timeoutMs: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', HOME: '/' };
    const options = { timeout: timeoutMs, encoding: 'utf8', killSignal: 'SIGKILL', env } as const;
    execFile(VIRSH, ['--quiet', ...args], options, (error, stdout, stderr) => {
      const ended = error === null ? 'well' : error.killed === true ? 'late' : 'badly';
      resolve({ ended, out: stdout.trim(), error: complaints(stderr).join('; ') });
    });
  });

/** The errors in what virsh has written; the last is the reason of those before. */
export const complaints = (text: string): string[] =>
  text.split('\n').flatMap((line) => {
    const [, said] = /^error: (.+)$/.exec(line) ?? [];
    return said === undefined ? [] : [said];
  });

/** virsh’s words for a domain that there is not, in English, as it is told. */
export const isAbsent = ({ error }: Outcome): boolean => /Domain not found|failed to get domain/.test(error);

/** Its words when nobody listens. */
export const isUnreachable = ({ error }: Outcome): boolean =>
  /failed to connect to the hypervisor/.test(error);
