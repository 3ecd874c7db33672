/**
 * Attributes of directories that a layer holds without describing them.
 *
 * The overlay file system shows a directory with the attributes of the topmost layer that has it. A layer whose archive
 * has `tmp/file` and no entry for `tmp/` would so take the sticky bit off `/tmp`. Which attributes are right depends on
 * the layers below, so they are set right in the layer of the container itself.
 */
import { ERRNO, failsWith, O, type OwnedFd, RESOLVE, S, syscall } from '@ns/syscall';

import { openInRoot, setTimes, statFd } from '../at/calls.js';
import { getXattr, listXattrs, setXattr } from '../at/extended-attributes.js';
import { type ByteString, cBytes, toText } from '../byte-string.js';
import { splitPath } from '../extract/entry-path.js';
import type { TarTime } from '../tar/entry.js';

const OPAQUE = 'trusted.overlay.opaque';
const OVERLAY = 'trusted.overlay.';
const BENEATH = RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_SYMLINKS;

/** An unpacked layer, open. */
export interface OpenLayer {
  readonly root: OwnedFd;
  readonly implied: ReadonlySet<ByteString>;
}

/** A directory of a container's own layer, as it has to be. */
export interface DescribedDirectory {
  readonly path: ByteString;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifyTime: TarTime;
  readonly xattrs: readonly (readonly [name: ByteString, value: Buffer])[];
}

/**
 * Which directories an upper directory must have so that all have the attributes that the layers mean: always the root,
 * and those that the topmost of their layers does not describe. Parents come before what is in them.
 *
 * @param layers - Topmost first. They do not change, and neither does the answer.
 */
export function planDirectories(layers: readonly OpenLayer[]): DescribedDirectory[] {
  const paths = new Set<ByteString>(['']);
  for (const path of new Set(layers.flatMap(({ implied }) => [...implied]))) {
    if (!isMisdescribed(path, layers)) continue;
    for (let ancestor = path; ancestor !== ''; ancestor = splitPath(ancestor).parent) paths.add(ancestor);
  }
  return [...paths].toSorted().map((path) => describe(path, layers));
}

/** Create the directories of a plan in an upper directory, which is empty. */
export function makeDirectories(upper: OwnedFd, plan: readonly DescribedDirectory[]): void {
  for (const { path } of plan) {
    if (path !== '') syscall(`create ${toText(path)}`, 'mkdirat', upper.fd, cBytes(path), 0o700);
  }
  // Innermost first: what is made in a directory changes its time.
  for (const directory of plan.toReversed()) {
    const { path, mode, uid, gid, modifyTime, xattrs } = directory;
    const purpose = `set the attributes of ${path === '' ? '/' : toText(path)}`;
    using target = openInRoot(purpose, upper.fd, nameOf(path), O.O_RDONLY | O.O_DIRECTORY, BENEATH);
    syscall(purpose, 'fchown', target.fd, uid, gid);
    syscall(purpose, 'fchmod', target.fd, mode);
    for (const [name, value] of xattrs) setXattr(purpose, target.fd, name, value);
    setTimes(purpose, target.fd, undefined, modifyTime);
  }
}

/** True when the overlay would show attributes that nobody meant, where a layer below says better. */
function isMisdescribed(path: ByteString, layers: readonly OpenLayer[]): boolean {
  for (const layer of layers) {
    const found = look(path, layer);
    if (found === 'implied') return findDescribed(path, layers) !== undefined;
    if (found !== 'absent') return false;
  }
  return false;
}

function describe(path: ByteString, layers: readonly OpenLayer[]): DescribedDirectory {
  const source = findDescribed(path, layers);
  if (source === undefined) {
    return { path, mode: 0o755, uid: 0, gid: 0, modifyTime: { seconds: 0, nanoseconds: 0 }, xattrs: [] };
  }
  const purpose = `read the attributes of ${path === '' ? '/' : toText(path)}`;
  using directory = openDirectoryAt(path, source);
  const { mode, uid, gid, modifyTime } = statFd(purpose, directory.fd);
  const names = listXattrs(purpose, directory.fd).filter((name) => !name.startsWith(OVERLAY));
  return {
    path,
    mode: mode & 0o7777,
    uid,
    gid,
    modifyTime: { seconds: Number(modifyTime.seconds), nanoseconds: modifyTime.nanoseconds },
    xattrs: names.flatMap((name) => {
      const value = getXattr(purpose, directory.fd, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  };
}

/** The topmost layer that describes a directory which the overlay shows. */
function findDescribed(path: ByteString, layers: readonly OpenLayer[]): OpenLayer | undefined {
  for (const layer of layers) {
    const found = look(path, layer);
    if (found === 'described') return layer;
    if (found === 'hidden') return undefined;
  }
  return undefined;
}

/**
 * What a layer has at a path.
 *
 * `absent` and `implied`: the layer below may say more. `hidden`: nothing below is seen, and nothing is described here.
 */
function look(path: ByteString, layer: OpenLayer): 'described' | 'implied' | 'absent' | 'hidden' {
  let isOpaque = false;
  for (const ancestor of ancestorsOf(path)) {
    const found = inspect(ancestor, layer);
    if (found === 'other') return 'hidden';
    if (found === 'absent') return isOpaque ? 'hidden' : 'absent';
    isOpaque ||= found === 'opaque';
  }
  if (!layer.implied.has(path)) return 'described';
  return isOpaque ? 'hidden' : 'implied';
}

/** A path and what it lies in, outermost first, without the root. */
function ancestorsOf(path: ByteString): ByteString[] {
  const all: ByteString[] = [];
  for (let at = path; at !== ''; at = splitPath(at).parent) all.unshift(at);
  return all;
}

function inspect(path: ByteString, layer: OpenLayer): 'directory' | 'opaque' | 'absent' | 'other' {
  const purpose = `look at ${toText(path)}`;
  const opened = failsWith([ERRNO.ENOENT], () =>
    openInRoot(purpose, layer.root.fd, nameOf(path), O.O_PATH | O.O_NOFOLLOW, RESOLVE.RESOLVE_BENEATH),
  );
  if (opened === undefined) return 'absent';
  using handle = opened;
  if ((statFd(purpose, handle.fd).mode & S.S_IFMT) !== S.S_IFDIR) return 'other';
  using directory = openDirectoryAt(path, layer);
  return getXattr(purpose, directory.fd, OPAQUE) === undefined ? 'directory' : 'opaque';
}

const openDirectoryAt = (path: ByteString, layer: OpenLayer): OwnedFd =>
  openInRoot(`open ${toText(path)}`, layer.root.fd, nameOf(path), O.O_RDONLY | O.O_DIRECTORY, BENEATH);

const nameOf = (path: ByteString): Buffer => cBytes(path === '' ? '.' : path);
