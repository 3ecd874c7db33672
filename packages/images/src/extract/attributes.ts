import { AT, ERRNO, failsWith, syscall } from '@ns/syscall';

import { type ByteString, cBytes } from '../byte-string.js';
import { type Purpose, setTimes } from '../at/calls.js';
import { setXattr, setXattrAt } from '../at/extended-attributes.js';
import type { TarEntry } from '../tar/entry.js';

/** The overlay file system's own attributes, which tell it to look elsewhere: an archive has no business with them. */
const OVERLAY = /^(trusted|user)\.overlay\./;

/** Attributes of an entry that an archive may set. */
const allowed = (entry: TarEntry): [ByteString, Buffer][] =>
  entry.xattrs.size === 0 ? [] : [...entry.xattrs].filter(([name]) => !OVERLAY.test(name));

/**
 * Give an open file or directory the owner, mode, extended attributes and times of its entry.
 *
 * @param creator - Whom the file belongs to now, when that is known: it was just created.
 */
export function setAttributes(
  purpose: Purpose,
  fd: number,
  entry: TarEntry,
  creator: Owner | undefined,
): void {
  const { uid, gid } = entry;
  // Owner first: a change of it takes set-id bits and capabilities away.
  if (creator === undefined || creator.uid !== uid || creator.gid !== gid) {
    syscall(purpose, 'fchown', fd, uid, gid);
  }
  syscall(purpose, 'fchmod', fd, entry.mode);
  for (const [name, value] of allowed(entry)) {
    tolerateUnsupported(name, () => setXattr(purpose, fd, name, value));
  }
  setTimes(purpose, fd, undefined, entry.modifyTime);
}

/** Whom new files belong to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The same for a name that was just created and is not opened: a symbolic link, a device, a FIFO. */
export function setAttributesAt(purpose: Purpose, dirFd: number, base: ByteString, entry: TarEntry): void {
  const name = cBytes(base);
  syscall(purpose, 'fchownat', dirFd, name, entry.uid, entry.gid, AT.AT_SYMLINK_NOFOLLOW);
  // Links have no mode. fchmodat(2) would follow one, which this is not.
  if (entry.type !== 'symlink') syscall(purpose, 'fchmodat', dirFd, name, entry.mode);
  for (const [attribute, value] of allowed(entry)) {
    tolerateUnsupported(attribute, () => setXattrAt(purpose, dirFd, base, attribute, value));
  }
  setTimes(purpose, dirFd, name, entry.modifyTime);
}

/**
 * As Docker does: a file system without an attribute's namespace loses it, and so does what may have none of a user's,
 * such as a link. A capability that cannot be stored fails, though: a program without it does not work.
 */
function tolerateUnsupported(name: ByteString, set: () => void): void {
  if (name === 'security.capability') return set();
  failsWith(name.startsWith('user.') ? [ERRNO.EOPNOTSUPP, ERRNO.EPERM] : [ERRNO.EOPNOTSUPP], set);
}
