import { readFileSync, realpathSync, statSync } from 'node:fs';

import { NsError, isErrno } from '@ns/errors';
import { statx } from '@ns/syscall';

import { containerPath, isWithin } from './container-path.js';
import { checkIdRanges } from './id-map.js';
import { invalid } from './invalid.js';
import { checkHostPath } from './overlay.js';
import type { MountSpec, Propagation } from './spec.js';

/** A mount that was checked, with what its mount point has to be. */
export interface PlannedMount {
  readonly spec: MountSpec;
  /** In its shortest form. */
  readonly target: string;
  readonly kind: 'directory' | 'file';
}

/** A bind mount's specification. */
export type BindSpec = Extract<MountSpec, { type: 'bind' }>;
/** A tmpfs's specification. */
export type TmpfsSpec = Extract<MountSpec, { type: 'tmpfs' }>;

/** What a look at the host tells about a bind's source. */
export type LookAtSource = (spec: BindSpec) => 'directory' | 'file';

const OPERATION = 'mounts';
const PROPAGATIONS: ReadonlySet<string> = new Set<Propagation>([
  'private',
  'rprivate',
  'slave',
  'rslave',
  'shared',
  'rshared',
]);
const MAX_ID = 0xffff_fffe;

/** Files of `/proc` that may be covered, as runc allows for lxcfs. All else there steers processes (CVE-2019-16884). */
const COVERABLE_PROC: ReadonlySet<string> = new Set([
  '/proc/cpuinfo',
  '/proc/diskstats',
  '/proc/loadavg',
  '/proc/meminfo',
  '/proc/net/dev',
  '/proc/slabinfo',
  '/proc/stat',
  '/proc/swaps',
  '/proc/uptime',
]);

/** True for a mount that may lie on procfs. */
export const mayCoverProc = (target: string): boolean => COVERABLE_PROC.has(target);

/**
 * Check the mounts that a user asked for, and find out what their mount points have to be.
 *
 * @param look - Tells whether a bind's source is a directory. Default: a look at the host, which is all that keeps this
 * from being pure.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a target that is `/`, not absolute, given twice or inside
 * `/proc`, for options that make no sense, and for propagation from a source that has none; `ERR_NS_NOT_FOUND` for a
 * source that does not exist.
 */
export function planMounts(
  specs: readonly MountSpec[],
  look: LookAtSource = lookAtSource,
): readonly PlannedMount[] {
  const targets = new Set<string>();
  return specs.map((spec) => {
    const target = containerPath(OPERATION, 'target', spec.target);
    checkTarget(target, targets);
    targets.add(target);
    if (spec.type === 'tmpfs') {
      checkTmpfs(spec, target);
      return { spec, target, kind: 'directory' };
    }
    if (spec.type !== 'bind') {
      const { type } = spec as { readonly type: unknown };
      throw invalid(OPERATION, `no mount type ${JSON.stringify(type)}`, {
        hint: 'the types are bind and tmpfs',
      });
    }
    checkBind(spec);
    return { spec, target, kind: look(spec) };
  });
}

function checkTarget(target: string, taken: ReadonlySet<string>): void {
  if (target === '/') {
    throw invalid(OPERATION, 'a mount on / would hide the container', {
      path: target,
      hint: 'choose a directory below it; the root itself is chosen otherwise',
    });
  }
  if (isWithin(target, '/proc') && !mayCoverProc(target)) {
    throw invalid(OPERATION, `target ${target} is inside /proc`, {
      path: target,
      hint: 'mount it outside of /proc: what lies there steers processes',
    });
  }
  if (taken.has(target)) {
    throw invalid(OPERATION, `two mounts on ${target}`, { path: target, hint: 'remove one of them' });
  }
}

function checkBind(spec: BindSpec): void {
  checkHostPath(OPERATION, spec.source);
  const { propagation, idMap, target } = spec;
  if (propagation !== undefined && !PROPAGATIONS.has(propagation)) {
    throw invalid(OPERATION, `no propagation ${JSON.stringify(propagation)} for ${target}`, {
      hint: `the kinds are ${[...PROPAGATIONS].join(', ')}`,
    });
  }
  if (idMap) {
    checkIdRanges(`uid map of ${target}`, idMap.uids);
    checkIdRanges(`gid map of ${target}`, idMap.gids);
  }
}

function checkTmpfs(spec: TmpfsSpec, target: string): void {
  const { sizeBytes, mode } = spec;
  if (sizeBytes !== undefined && (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1)) {
    throw invalid(OPERATION, `size ${sizeBytes} of tmpfs ${target} is not a positive number of bytes`);
  }
  if (mode !== undefined && (!Number.isInteger(mode) || mode < 0 || mode > 0o7777)) {
    throw invalid(OPERATION, `mode ${mode} of tmpfs ${target} is not between 0 and 0o7777`);
  }
  for (const kind of ['uid', 'gid'] as const) {
    const id = spec[kind];
    if (id !== undefined && (!Number.isInteger(id) || id < 0 || id > MAX_ID)) {
      throw invalid(OPERATION, `${kind} ${id} of tmpfs ${target} is not an id`);
    }
  }
}

function lookAtSource(spec: BindSpec): 'directory' | 'file' {
  const { source } = spec;
  let isDirectory: boolean | undefined;
  try {
    isDirectory = statSync(source, { throwIfNoEntry: false })?.isDirectory();
  } catch (cause) {
    if (!isErrno(cause, 'EACCES', 'ELOOP', 'ENAMETOOLONG')) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: OPERATION,
      message: `bind source ${source} cannot be reached (${code})`,
      path: source,
      cause,
    });
  }
  if (isDirectory === undefined) {
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: OPERATION,
      message: `bind source ${source} does not exist`,
      path: source,
      hint: 'create it on the host first',
    });
  }
  checkPropagates(spec);
  return isDirectory ? 'directory' : 'file';
}

/** Shared and slave mounts only are what they say when the source's own mount propagates. */
function checkPropagates({ source, propagation = 'rprivate' }: BindSpec): void {
  if (propagation.endsWith('private')) return;
  const { mountId } = statx(realpathSync(source));
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${mountId} `));
  const fields = line?.split(' - ')[0]?.split(' ').slice(6) ?? [];
  const has = (tag: string): boolean => fields.some((field) => field.startsWith(tag));
  if (has('shared:') || (propagation.endsWith('slave') && has('master:'))) return;
  throw invalid(
    OPERATION,
    `${source} lies on a mount that does not propagate, and cannot be bound ${propagation}`,
    {
      path: source,
      hint: 'make the mount shared on the host (mount --make-shared), or use rprivate',
    },
  );
}
