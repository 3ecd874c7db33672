import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

import { NsError, isErrno } from '@ns/errors';

import { checkIdMap } from './id-map.js';
import { invalid } from './invalid.js';
import type { IdMapping } from './spec.js';

/** Ids that a user may map besides the own one. */
export interface IdRange {
  readonly start: number;
  readonly length: number;
}

/**
 * The ranges that belong to a user in the text of `/etc/subuid` or `/etc/subgid`. See subuid(5).
 *
 * Pure. A line names its user by login name or by uid; lines that are neither are passed over, as newuidmap(1) does.
 */
export function subordinateIds(
  text: string,
  user: { readonly name: string; readonly uid: number },
): IdRange[] {
  return text.split('\n').flatMap((line) => {
    const [, owner, start, length] = /^([^:]+):(\d+):(\d+)$/.exec(line.trim()) ?? [];
    if (owner !== user.name && owner !== String(user.uid)) return [];
    return [{ start: Number(start), length: Number(length) }].filter((range) => range.length > 0);
  });
}

/** A map with the own id as the container's 0, and the subordinate ranges from 1 on. Pure. */
export function subordinateMap(own: number, ranges: readonly IdRange[]): IdMapping[] {
  const map: IdMapping[] = [{ inside: 0, outside: own, length: 1 }];
  let inside = 1;
  for (const { start, length } of ranges) {
    map.push({ inside, outside: start, length });
    inside += length;
  }
  return map;
}

/**
 * The maps of a user without privilege: root is the user, and the other ids are those of `/etc/subuid` and
 * `/etc/subgid`, as Podman and rootless Docker do.
 *
 * @returns Maps of one id each when the files have nothing for this user: then only root exists in the container, and no
 * helper program is needed to write the maps.
 */
export function readSubordinateMaps(): { readonly uidMap: IdMapping[]; readonly gidMap: IdMapping[] } {
  const { username: name, uid, gid } = userInfo();
  const ranges = (file: string): IdRange[] => {
    try {
      return subordinateIds(readFileSync(file, 'utf8'), { name, uid });
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  };
  return {
    uidMap: subordinateMap(uid, ranges('/etc/subuid')),
    gidMap: subordinateMap(gid, ranges('/etc/subgid')),
  };
}

/** Whether maps can be written by a process without privilege: one id each, the own. See user_namespaces(7). */
export function isOwnIdOnly(maps: {
  readonly uidMap: readonly IdMapping[];
  readonly gidMap: readonly IdMapping[];
}): boolean {
  const is = (map: readonly IdMapping[], id: number | undefined): boolean =>
    map.length === 1 && map[0]?.length === 1 && map[0].outside === id;
  return is(maps.uidMap, process.geteuid?.()) && is(maps.gidMap, process.getegid?.());
}

const TIMEOUT_MS = 10_000;

/**
 * Write the id maps of a process in a new user namespace with newuidmap(1) and newgidmap(1), which may map the ranges of
 * `/etc/subuid` and `/etc/subgid`. For callers without privilege; the process waits with {@link awaitIdMaps}.
 *
 * @param pid - As the host sees it: a child of this process's user.
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when the programs are not installed; `ERR_NS_INVALID_ARGUMENT` when they
 * refuse, with their words; `ERR_NS_TIMEOUT` after ten seconds.
 */
export async function runNewIdMap(
  pid: number,
  maps: { readonly uidMap: readonly IdMapping[]; readonly gidMap: readonly IdMapping[] },
): Promise<void> {
  if (!Number.isSafeInteger(pid) || pid < 1) throw invalid('id maps', `${pid} is not a process id`);
  checkIdMap('uid', maps.uidMap);
  checkIdMap('gid', maps.gidMap);
  await runHelper('newuidmap', pid, maps.uidMap);
  await runHelper('newgidmap', pid, maps.gidMap);
}

async function runHelper(program: string, pid: number, map: readonly IdMapping[]): Promise<void> {
  // Loading it takes milliseconds, and hardly anybody needs it.
  const [{ execFile }, { promisify }] = await Promise.all([
    import('node:child_process'),
    import('node:util'),
  ]);
  const ids = map.flatMap(({ inside, outside, length }) => [inside, outside, length]);
  try {
    await promisify(execFile)(program, [pid, ...ids].map(String), { timeout: TIMEOUT_MS });
  } catch (cause) {
    throw explainHelper(program, cause);
  }
}

function explainHelper(program: string, cause: unknown): NsError {
  const operation = 'id maps';
  if (isErrno(cause, 'ENOENT')) {
    return new NsError('ERR_NS_UNSUPPORTED', {
      operation,
      message: `the program ${program} is not installed`,
      hint: 'install it (apt-get install uidmap), or map the own id only',
      cause,
    });
  }
  const { stderr = '', killed = false } = cause as { readonly stderr?: string; readonly killed?: boolean };
  if (killed) {
    return new NsError('ERR_NS_TIMEOUT', {
      operation,
      message: `${program} did not finish in ten seconds`,
      cause,
    });
  }
  return new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation,
    message: `${program} refuses: ${stderr.trim() || String(cause)}`,
    hint: 'the ranges must be in /etc/subuid and /etc/subgid for this user (usermod --add-subuids)',
    cause,
  });
}
