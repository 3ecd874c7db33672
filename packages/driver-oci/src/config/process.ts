import { CAPABILITIES, DOCKER_DEFAULT, parseCapability } from '@ns/caps';
import type { ProcessSpec, Rlimit } from '@ns/execdriver';
import { RLIM_INFINITY } from '@ns/syscall';

import type { OciProcess, OciRlimit } from './types.js';

/** What is found out about a process before it is described. */
export interface ProcessFacts {
  /** By the files of the container's root. */
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  /** Complete, with HOME. */
  readonly env: readonly string[];
  /** What the runtime executes; the spec's own arguments unless something comes before them. */
  readonly args: readonly string[];
  /** The spec's, and the driver's defaults. */
  readonly rlimits: readonly Rlimit[];
}

/** The bounding set of a process, in the order of the numbers, each once. */
export function boundingSet({ capabilities = DOCKER_DEFAULT }: ProcessSpec): string[] {
  const wanted = new Set<string>(capabilities.map(parseCapability));
  return CAPABILITIES.filter((name) => wanted.has(name)).map((name) => `CAP_${name}`);
}

/** `process` of a configuration. Pure. */
export function ociProcess(process: ProcessSpec, facts: ProcessFacts): OciProcess {
  const { user } = facts;
  const bounding = boundingSet(process);
  // A user other than root keeps the bounding set only, as with Docker.
  const own = user.uid === 0 ? bounding : [];
  return {
    terminal: process.terminal !== undefined,
    ...(process.terminal === undefined
      ? {}
      : { consoleSize: { height: process.terminal.rows, width: process.terminal.columns } }),
    user: {
      uid: user.uid,
      gid: user.gid,
      umask: process.umask ?? 0o022,
      additionalGids: user.groups,
    },
    args: facts.args,
    env: facts.env,
    cwd: process.cwd ?? '/',
    capabilities: { bounding, effective: own, permitted: own, inheritable: [], ambient: [] },
    rlimits: facts.rlimits.map(ociRlimit),
    noNewPrivileges: process.noNewPrivileges ?? false,
    ...(process.apparmor === undefined ? {} : { apparmorProfile: process.apparmor }),
    ...(process.oomScoreAdj === undefined ? {} : { oomScoreAdj: process.oomScoreAdj }),
  };
}

function ociRlimit({ name, soft, hard }: Rlimit): OciRlimit {
  const value = (limit: number | 'unlimited'): number | bigint =>
    limit === 'unlimited' ? RLIM_INFINITY : limit;
  return { type: `RLIMIT_${name.toUpperCase()}`, soft: value(soft), hard: value(hard) };
}
