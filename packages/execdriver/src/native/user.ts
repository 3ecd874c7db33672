import { NsError } from '@ns/errors';

import type { Identity } from './process.js';

/** The container's own files, as far as they exist. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

/** A user in numbers, and the home directory. */
export interface User extends Identity {
  /** From the passwd file; `/` without an entry. */
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The kernel's ids are 32 bits; Docker's limit is that of a signed int. */
const HIGHEST_ID = 0x7fff_ffff;

/**
 * Who `docker run -u USER --group-add GROUPS` means in a container that has these files.
 *
 * @remarks
 * As Docker: a number need not be in the files, a name must; `user:group` gives no supplementary groups but
 * `additional`; without a group, the user's entries in the group file count.
 *
 * @param user - `''`, `name`, `uid`, `user:group`; default root.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` for a name that is not in the files, `ERR_NS_INVALID_ARGUMENT` for an id
 * out of range.
 */
export function resolveUser(files: UserFiles, user = '', additional: readonly string[] = []): User {
  const colon = user.indexOf(':');
  const wanted = (colon === -1 ? user : user.slice(0, colon)) || '0';
  const wantedGroup = colon === -1 ? '' : user.slice(colon + 1);

  const number = idOf(wanted, 'user');
  const entry = passwdEntries(files.passwd).find((line) => line.name === wanted || line.uid === number);
  if (entry === undefined && number === undefined) {
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: 'user',
      message: `unable to find user ${wanted}: no matching entries in passwd file`,
      path: '/etc/passwd',
      hint: 'use a name of the container’s /etc/passwd, or a number',
    });
  }
  const groups = groupEntries(files.group);
  const uid = entry?.uid ?? number!;
  const gid = wantedGroup === '' ? (entry?.gid ?? 0) : groupId(groups, wantedGroup);
  const memberOf =
    wantedGroup === '' && entry !== undefined
      ? groups.filter((line) => line.members.includes(entry.name)).map((line) => line.gid)
      : [];
  const ids = new Set([...memberOf, ...additional.map((name) => groupId(groups, name))]);
  return { uid, gid, groups: [...ids], home: entry?.home || '/' };
}

function groupId(groups: readonly GroupEntry[], wanted: string): number {
  const number = idOf(wanted, 'group');
  const entry = groups.find((line) => line.name === wanted || line.gid === number);
  if (entry !== undefined) return entry.gid;
  if (number !== undefined) return number;
  throw new NsError('ERR_NS_NOT_FOUND', {
    operation: 'user',
    message: `unable to find group ${wanted}: no matching entries in group file`,
    path: '/etc/group',
    hint: 'use a name of the container’s /etc/group, or a number',
  });
}

function idOf(text: string, kind: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const number = Number(text);
  if (number <= HIGHEST_ID) return number;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'user',
    message: `${kind} id ${text} is out of range`,
    hint: `ids are 0 to ${HIGHEST_ID}`,
  });
}

/** Lines that are not of the form are passed over, as the C library does. See passwd(5). */
function passwdEntries(text: string): PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid, , home] = line.split(':');
    if (!name || !isId(uid) || !isId(gid)) return [];
    return [{ name, uid: Number(uid), gid: Number(gid), home: home ?? '' }];
  });
}

/** See group(5). */
function groupEntries(text: string): GroupEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members] = line.split(':');
    if (!name || !isId(gid)) return [];
    return [{ name, gid: Number(gid), members: (members ?? '').split(',') }];
  });
}

const isId = (text: string | undefined): boolean =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= 0xffff_fffe;

/** HOME is the user's, from the container's passwd file, unless it was said otherwise. */
export const withHome = (env: readonly string[], home: string): string[] =>
  env.some((entry) => entry.startsWith('HOME=')) ? [...env] : [...env, `HOME=${home}`];
