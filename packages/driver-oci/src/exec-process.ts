import { NsError } from '@ns/errors';
import type { ProcessSpec } from '@ns/execdriver';
import { withDefaultRlimits, type Launching } from '@ns/execdriver/kit';
import type { Context } from '@ns/seccomp';

import { ociSeccomp } from './config/bundle.js';
import { toJson } from './config/json.js';
import { ociProcess } from './config/process.js';
import type { OciConfig, OciProcess } from './config/types.js';

/**
 * Who gives the program of an exec what it must not exceed. `runtime`: the runtime, by the process's description. `inner`: a
 * program of ours, because the runtime would only give it the container's own seccomp filter.
 */
export type Limiter = 'runtime' | 'inner';

/**
 * Who has to limit a process that is executed in a container. Pure.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` for a process that wants to be without the container's filter, which the
 * runtime gives it in any case, and where no process can be executed.
 */
export function limiterOf(
  process: ProcessSpec,
  container: OciConfig,
  machine: Omit<Context, 'capabilities'>,
): Limiter {
  if (!hasProc(container)) {
    throw refusal(
      'a runtime cannot execute programs in a container without /proc',
      'give the container its default mounts',
    );
  }
  const { seccomp } = container.linux;
  const wanted = ociSeccomp(process, machine);
  if (JSON.stringify(seccomp) === JSON.stringify(wanted && JSON.parse(toJson(wanted)))) return 'runtime';
  if (wanted !== undefined) return 'inner';
  throw refusal(
    'a process without a seccomp filter, in a container that has one',
    'start the container without one (seccomp=unconfined), or leave it to the process as well',
  );
}

/** True when a program can reach the container by descriptor: it has its default mounts. */
const hasProc = ({ mounts }: OciConfig): boolean =>
  mounts.some(({ destination }) => destination === '/dev/pts');

/** What it takes to limit oneself. */
const NEEDED = ['CAP_SETPCAP', 'CAP_SETUID', 'CAP_SETGID', 'CAP_SYS_ADMIN'];

/** `process` of an exec. Pure. */
export function execProcess(
  process: ProcessSpec,
  { user, env }: Launching,
  args: readonly string[],
  limiter: Limiter,
): OciProcess {
  const own = ociProcess(process, { user, env, args, rlimits: withDefaultRlimits(process.rlimits ?? []) });
  if (limiter === 'runtime') return own;
  return unlimited(own);
}

/** A process that limits itself: what it must not have is given up by a program of ours. Pure. */
export function unlimited(process: OciProcess): OciProcess {
  const all = [...new Set([...process.capabilities.bounding, ...NEEDED])];
  return {
    ...process,
    user: { ...process.user, uid: 0, gid: 0, additionalGids: [] },
    capabilities: { ...process.capabilities, bounding: all, effective: all, permitted: all },
    rlimits: [],
    noNewPrivileges: false,
  };
}

const refusal = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', { operation: 'exec', message, hint });
