import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

import { readControlIfAny } from './control-file.js';

/** One tree of cgroups that is mounted. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  /** Where its root is mounted: `/sys/fs/cgroup/memory`. */
  readonly mountPoint: string;
  /** The controllers that it has: `cpu`, `memory`… None for one with a name only. */
  readonly controllers: readonly string[];
  /** `systemd` for a version 1 hierarchy that was mounted as `name=systemd`. */
  readonly name?: string;
  /** The cgroup of this process in it, below the mount point: `/`, `/user.slice`. */
  readonly ownPath: string;
}

/** How cgroups are mounted on this machine. */
export interface CgroupLayout {
  /** `hybrid`: controllers on version 1, and a version 2 hierarchy beside them. */
  readonly kind: 'v1' | 'v2' | 'hybrid';
  readonly hierarchies: readonly CgroupHierarchy[];
  /** The version 2 hierarchy, if one is mounted. */
  readonly unified?: CgroupHierarchy;
}

interface Mount {
  readonly type: string;
  /** The directory of the file system that is mounted. */
  readonly root: string;
  readonly at: string;
  readonly options: readonly string[];
}

/** `mountinfo` writes blanks and backslashes in octal. */
const unescape = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));

function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    if (left === undefined || right === undefined) return [];
    const [type = '', , options = ''] = right.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    const [, , , root = '', at = ''] = left.split(' ');
    return [{ type, root: unescape(root), at: unescape(at), options: options.split(',') }];
  });
}

/**
 * How cgroups are mounted, from the texts of `/proc/self/mountinfo` and `/proc/self/cgroup`. Pure. See cgroups(7).
 *
 * @param unifiedControllers - The text of `cgroup.controllers` in the directory where version 2 is mounted; undefined when
 * it is not there, since another mount covers it.
 */
export function parseLayout(
  mountinfo: string,
  cgroup: string,
  unifiedControllers: (mountPoint: string) => string | undefined,
): CgroupLayout {
  const mounts = parseMounts(mountinfo);
  const hierarchies = cgroup.split('\n').flatMap((line): CgroupHierarchy[] => {
    const [, id = '', list = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (path === '') return [];
    const words = list === '' ? [] : list.split(',');
    // Of several mounts of a hierarchy the one of its root serves; an early one is as good as a late one.
    const mount = mounts.find(({ type, options }) =>
      id === '0' ? type === 'cgroup2' : type === 'cgroup' && words.every((word) => options.includes(word)),
    );
    if (mount === undefined) return [];
    const own = posix.relative(mount.root, path);
    const base = { mountPoint: mount.at, ownPath: own.startsWith('..') ? '/' : `/${own}` };
    if (id === '0') {
      const text = unifiedControllers(mount.at);
      if (text === undefined) return [];
      const controllers = text.split(/\s+/).filter(Boolean);
      return [{ ...base, version: 2, controllers }];
    }
    const name = words.find((word) => word.startsWith('name='))?.slice('name='.length);
    const controllers = words.filter((word) => !word.startsWith('name='));
    return [{ ...base, version: 1, controllers, ...(name === undefined ? {} : { name }) }];
  });
  const unified = hierarchies.find(({ version }) => version === 2);
  const sorted = hierarchies.toSorted((left, right) => (left.mountPoint < right.mountPoint ? -1 : 1));
  const hasV1 = hierarchies.some(({ version, controllers }) => version === 1 && controllers.length > 0);
  const kind = unified === undefined ? 'v1' : hasV1 ? 'hybrid' : 'v2';
  // A named hierarchy without controllers does not make a machine hybrid; it is left to who made it.
  const used = kind === 'v2' ? sorted.filter(({ version }) => version === 2) : sorted;
  return { kind, hierarchies: used, ...(unified === undefined ? {} : { unified }) };
}

/**
 * How cgroups are mounted on this machine, as this process sees it.
 *
 * @remarks
 * Reads `/proc/self/mountinfo` and `/proc/self/cgroup` each time: keep the result, mounts hardly ever change.
 *
 * @throws an error of Node's `fs` without a mounted `/proc`.
 */
export function detect(): CgroupLayout {
  return parseLayout(
    readFileSync('/proc/self/mountinfo', 'utf8'),
    readFileSync('/proc/self/cgroup', 'utf8'),
    (mountPoint) => readControlIfAny(`${mountPoint}/cgroup.controllers`),
  );
}

let first: CgroupLayout | undefined;

/** What {@link detect} said when somebody first asked in this process. */
export function knownLayout(): CgroupLayout {
  first ??= detect();
  return first;
}

/** The hierarchy that has a controller: `undefined` when the machine has none. */
export function hierarchyOf(layout: CgroupLayout, controller: string): CgroupHierarchy | undefined {
  return layout.hierarchies.find(({ controllers }) => controllers.includes(controller));
}
