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
 * runtime gives it in any case.
 */
export function limiterOf(
  process: ProcessSpec,
  container: OciConfig,
  machine: Omit<Context, 'capabilities'>,
): Limiter {
  const { seccomp } = container.linux;
  const wanted = ociSeccomp(process, machine);
  if (JSON.stringify(seccomp) === JSON.stringify(wanted && JSON.parse(toJson(wanted)))) return 'runtime';
  if (wanted === undefined) {
    throw refusal(
      'a process without a seccomp filter, in a container that has one',
      'start the container without one (seccomp=unconfined), or leave it to the process as well',
    );
  }
  if (hasProc(container)) return 'inner';
  throw refusal(
    'a process with a seccomp filter of its own, in a container without /proc',
    'give the container its default mounts',
  );
}

/** True when a program can reach the container by descriptor. */
export const hasProc = ({ mounts }: OciConfig): boolean =>
  mounts.some(({ destination, type }) => destination === '/proc' && (type === 'proc' || type === 'bind'));

/** What it takes to limit oneself. */
const NEEDED = ['CAP_SETPCAP', 'CAP_SETUID', 'CAP_SETGID', 'CAP_SYS_ADMIN', 'CAP_SYS_RESOURCE'];

/** `process` of an exec. Pure. */
export function execProcess(
  process: ProcessSpec,
  { user, env }: Launching,
  args: readonly string[],
  limiter: Limiter,
): OciProcess {
  const own = ociProcess(process, { user, env, args, rlimits: withDefaultRlimits(process.rlimits ?? []) });
  if (limiter === 'runtime') return own;
  const all = [...new Set([...own.capabilities.bounding, ...NEEDED])];
  return {
    ...own,
    user: { ...own.user, uid: 0, gid: 0, additionalGids: [] },
    capabilities: { ...own.capabilities, bounding: all, effective: all, permitted: all },
    rlimits: [],
    noNewPrivileges: false,
  };
}

const refusal = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', { operation: 'exec', message, hint });
