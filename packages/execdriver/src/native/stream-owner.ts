import { fchownSync, readFileSync } from 'node:fs';

import { isErrno } from '@ns/errors';

import type { IdMapping } from '../contract.js';
import type { StartPlan } from './plan.js';
import type { OurEnds } from './session.js';

/**
 * Give the pipes of a process to its user, who could not open them by name otherwise: `/dev/stdout` and its like are
 * opened anew, with the permissions of the pipe. See pipe(7), proc(5) on `/proc/PID/fd`.
 *
 * @param uid - As the host has it; undefined when that is not known.
 */
export function giveEnds(ends: OurEnds, uid: number | undefined): void {
  if (uid === undefined || uid === process.geteuid?.()) return;
  for (const end of [ends.stdin, ends.stdout, ends.stderr]) {
    if (end === undefined) continue;
    try {
      fchownSync(end.fd, uid, -1);
    } catch (error) {
      // Without privilege there is nothing to give away.
      if (!isErrno(error, 'EPERM')) throw error;
    }
  }
}

/** What the host calls a user of a container that is to be started. */
export function hostUser(uid: number, { spec, namespaces }: StartPlan): number | undefined {
  const { user } = namespaces.sources;
  if (user === 'host') return uid;
  if (user === 'new') return outsideId(uid, spec.uidMap ?? []);
  return 'pid' in user ? hostUserOf(uid, user.pid) : undefined;
}

/** What the host calls a user of the namespace that a process is in. See user_namespaces(7), `uid_map`. */
export function hostUserOf(uid: number, pid: number): number | undefined {
  const lines = readFileSync(`/proc/${pid}/uid_map`, 'latin1').trim().split('\n');
  const map = lines.map((line): IdMapping => {
    const [inside = 0, outside = 0, length = 0] = line.trim().split(/\s+/).map(Number);
    return { inside, outside, length };
  });
  return outsideId(uid, map);
}

/** What the host calls an id of a user namespace; undefined when that has no place in the map. */
export function outsideId(uid: number, map: readonly IdMapping[]): number | undefined {
  const line = map.find(({ inside, length }) => uid >= inside && uid < inside + length);
  return line === undefined ? undefined : line.outside + uid - line.inside;
}
