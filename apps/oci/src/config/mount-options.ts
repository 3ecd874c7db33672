import { MOUNT_ATTR } from '@ns/syscall';

import type { MountAttributes, OciMount } from '../plan.js';
import { PROPAGATIONS } from './schema/linux.js';

const {
  MOUNT_ATTR_RDONLY: RDONLY,
  MOUNT_ATTR_NOSUID: NOSUID,
  MOUNT_ATTR_NODEV: NODEV,
  MOUNT_ATTR_NOEXEC: NOEXEC,
  MOUNT_ATTR__ATIME: ATIME,
  MOUNT_ATTR_RELATIME: RELATIME,
  MOUNT_ATTR_NOATIME: NOATIME,
  MOUNT_ATTR_STRICTATIME: STRICTATIME,
  MOUNT_ATTR_NODIRATIME: NODIRATIME,
  MOUNT_ATTR_NOSYMFOLLOW: NOSYMFOLLOW,
} = MOUNT_ATTR;

const on = (attribute: number): MountAttributes => ({ set: attribute, clear: 0 });
const off = (attribute: number): MountAttributes => ({ set: 0, clear: attribute });
/** Access times are one field of several bits, cleared before it is set. */
const atime = (mode: number): MountAttributes => ({ set: mode, clear: ATIME });

/** Attributes of a mount. Each has a form with an `r` before it, for the mounts below too. */
const ATTRIBUTES: Readonly<Record<string, MountAttributes>> = {
  ro: on(RDONLY),
  rw: off(RDONLY),
  nosuid: on(NOSUID),
  suid: off(NOSUID),
  nodev: on(NODEV),
  dev: off(NODEV),
  noexec: on(NOEXEC),
  exec: off(NOEXEC),
  nodiratime: on(NODIRATIME),
  diratime: off(NODIRATIME),
  nosymfollow: on(NOSYMFOLLOW),
  symfollow: off(NOSYMFOLLOW),
  relatime: atime(RELATIME),
  // Without any of the modes, the kernel's own is relatime.
  norelatime: atime(RELATIME),
  noatime: atime(NOATIME),
  atime: atime(RELATIME),
  strictatime: atime(STRICTATIME),
  nostrictatime: atime(RELATIME),
};

/** Options of any file system, by the names that fsconfig(2) has for them. `async` and the like undo one. */
const FILE_SYSTEM: Readonly<Record<string, string>> = {
  sync: 'sync',
  async: 'sync',
  dirsync: 'dirsync',
  lazytime: 'lazytime',
  nolazytime: 'lazytime',
};
const UNDOES = new Set(['async', 'nolazytime']);

/**
 * Options that change nothing here: what is so anyway, what is for mount(8), and mandatory locks and noise in the
 * kernel's log, which kernels since 5.15 do not know.
 */
const NOTHING = new Set(['defaults', 'silent', 'loud', 'mand', 'nomand', 'iversion', 'noiversion']);

/** What options of a mount say. */
export interface MountOptions extends Pick<
  OciMount,
  'attributes' | 'recursive' | 'propagation' | 'copyUp' | 'bind'
> {
  /** Without {@link FILE_SYSTEM}'s own words: what only the file system knows. */
  readonly data: readonly string[];
  readonly idMap: 'idmap' | 'ridmap' | undefined;
}

/** The names of all options that are known, for `features`. */
export const knownMountOptions = (): string[] =>
  [
    ...Object.keys(ATTRIBUTES),
    ...Object.keys(ATTRIBUTES).map((name) => `r${name}`),
    ...Object.keys(FILE_SYSTEM),
    ...NOTHING,
    ...PROPAGATIONS,
    'bind',
    'rbind',
    'remount',
    'tmpcopyup',
    'idmap',
    'ridmap',
  ].toSorted();

const isPropagation = (option: string): option is (typeof PROPAGATIONS)[number] =>
  (PROPAGATIONS as readonly string[]).includes(option);

/**
 * Read the options of a mount, in order: a later one undoes an earlier one.
 *
 * @remarks
 * Pure. What is no option of mounts is one of the file system, as mount(8) has it.
 */
export function readMountOptions(options: readonly string[]): MountOptions {
  let attributes: MountAttributes = { set: 0, clear: 0 };
  let recursive: MountAttributes | undefined;
  let bind: OciMount['bind'];
  let idMap: MountOptions['idMap'];
  let copyUp = false;
  const fileSystem = new Set<string>();
  const propagation: (typeof PROPAGATIONS)[number][] = [];
  const data: string[] = [];
  for (const option of options) {
    const attribute = own(ATTRIBUTES, option);
    const below = option.startsWith('r') ? own(ATTRIBUTES, option.slice(1)) : undefined;
    const flag = own(FILE_SYSTEM, option);
    if (attribute !== undefined) attributes = merge(attributes, attribute);
    else if (isPropagation(option)) propagation.push(option);
    else if (below !== undefined) recursive = merge(recursive ?? { set: 0, clear: 0 }, below);
    else if (flag !== undefined && UNDOES.has(option)) fileSystem.delete(flag);
    else if (flag !== undefined) fileSystem.add(flag);
    else if (option === 'bind' || option === 'rbind') bind = option;
    else if (option === 'idmap' || option === 'ridmap') idMap = option;
    else if (option === 'tmpcopyup') copyUp = true;
    else if (option !== '' && !NOTHING.has(option)) data.push(option);
  }
  return { attributes, recursive, bind, idMap, copyUp, propagation, data: [...fileSystem, ...data] };
}

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** What two changes come to, one after the other. */
const merge = (first: MountAttributes, next: MountAttributes): MountAttributes => ({
  set: (first.set & ~next.clear) | next.set,
  // The field of access times stays cleared when a mode is set.
  clear: (first.clear & ~(next.set & ~ATIME)) | next.clear,
});
