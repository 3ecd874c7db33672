import { readFileSync } from 'node:fs';

import { NsError } from '@ns/errors';
import type { IdMapping } from '@ns/execdriver';
import { subordinateIds, type IdRange } from '@ns/namespaces';

/** The ids of a container's user namespace. The content of a record: it does not change with the daemon's flags. */
export interface ContainerIds {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/** The files that name users, and the ids that are theirs to give away. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
  readonly subuid: string;
  readonly subgid: string;
}

const OPERATION = '--userns-remap';
/** Of `default`: Docker's. */
const DEFAULT_USER = 'dockremap';

export function readUserFiles(): UserFiles {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  return {
    passwd: read('/etc/passwd'),
    group: read('/etc/group'),
    subuid: read('/etc/subuid'),
    subgid: read('/etc/subgid'),
  };
}

/**
 * The ids of containers, for `--userns-remap`. Pure.
 *
 * @param text - `default`, `USER[:GROUP]`, `UID[:GID]`: those of containers are the ranges that subuid(5) gives the user,
 * and subgid(5) the group, or the user where it has no line of the group.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a user that there is not, or that has no ids to give.
 */
export function parseRemap(text: string, files: UserFiles): ContainerIds {
  const [userText = '', groupText, ...rest] = text.split(':');
  if (userText === '' || groupText === '' || rest.length > 0) {
    throw bad(`'${text}' is none of default, USER[:GROUP] and UID[:GID]`, 'Name a user of /etc/passwd.');
  }
  const user =
    text === 'default'
      ? (find(files.passwd, DEFAULT_USER) ?? { name: DEFAULT_USER, id: -1 })
      : required('user', userText, files.passwd);
  const group = groupText === undefined ? undefined : required('group', groupText, files.group);
  const owners = (entry: Entry): IdRange[] =>
    subordinateIds(files.subgid, { name: entry.name, uid: entry.id });
  const uids = subordinateIds(files.subuid, { name: user.name, uid: user.id });
  const ofGroup = group === undefined ? [] : owners(group);
  const gids = ofGroup.length > 0 ? ofGroup : owners(user);
  return { uids: mapOf('/etc/subuid', user.name, uids), gids: mapOf('/etc/subgid', user.name, gids) };
}

interface Entry {
  readonly name: string;
  readonly id: number;
}

/** An entry of passwd(5) or group(5), by name or number. */
function find(file: string, text: string): Entry | undefined {
  for (const line of file.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (name !== '' && (name === text || id === text)) return { name, id: Number(id) };
  }
  return undefined;
}

function required(what: 'user' | 'group', text: string, file: string): Entry {
  const found = find(file, text);
  if (found !== undefined) return found;
  throw bad(
    `there is no ${what} ${text}`,
    `Make it first (${what === 'user' ? 'useradd --system' : 'groupadd --system'}), or say default.`,
  );
}

/** All ranges, one after the other, from the container's 0 on. */
function mapOf(file: string, name: string, ranges: readonly IdRange[]): IdMapping[] {
  let inside = 0;
  const map = ranges.map(({ start, length }) => {
    const mapping = { inside, outside: start, length };
    inside += length;
    return mapping;
  });
  if (map.length === 0) {
    throw bad(
      `${file} gives ${name} no ids for containers`,
      `Give it a range that nobody has: echo ${name}:100000:65536 >> ${file}`,
    );
  }
  if (map.some(({ outside }) => outside === 0)) {
    throw bad(`${file} gives ${name} the host's own id 0`, 'The ranges must be ids that nobody has.');
  }
  return map;
}

const bad = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: OPERATION, message, hint });

/** The host's user and group that root of a container is. */
export const rootOf = ({ uids, gids }: ContainerIds): { readonly uid: number; readonly gid: number } => ({
  uid: uids[0]?.outside ?? 0,
  gid: gids[0]?.outside ?? 0,
});

export const isSameIds = (one: ContainerIds | undefined, other: ContainerIds | undefined): boolean =>
  JSON.stringify([one?.uids, one?.gids]) === JSON.stringify([other?.uids, other?.gids]);
