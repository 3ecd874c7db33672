import { randomUUID } from 'node:crypto';

import { ERRNO, failsWith, O, type OwnedFd, RESOLVE, S, SEEK, syscall } from '@ns/syscall';

import { type Purpose, openInRoot, removeDirectory, typeOf, unlink } from './calls.js';
import { DT, nextEntries } from './directory.js';
import { runInSlices } from './slices.js';

/** Descriptors held at once. What is deeper is moved up and removed from there. */
const MAX_DEPTH = 32;

/**
 * Remove a name and all that is below it, by descriptor: no symbolic link is followed and no mount is entered, whatever
 * a process that still runs in the tree may do meanwhile.
 *
 * @remarks
 * The depth of a tree does not matter. Directories that nobody may enter, such as the `work` of an overlay, are opened
 * up first where that is necessary.
 *
 * @param what - What is removed, for errors.
 * @throws SyscallError EBUSY, EXDEV for something mounted in the tree; EPERM for an immutable file.
 */
export async function removeTree(what: string, dirFd: number, name: Uint8Array): Promise<void> {
  await runInSlices(removal(what, dirFd, name));
}

/** {@link removeTree} in one go, for trees that an archive made. */
export function removeTreeNow(what: string, dirFd: number, name: Uint8Array): void {
  const steps = removal(what, dirFd, name);
  while (steps.next().done !== true);
}

function* removal(what: string, dirFd: number, name: Uint8Array): Generator<void> {
  const purpose: Purpose = {
    what: `remove ${what}`,
    path: what,
    hints: {
      EBUSY: 'something is mounted there: unmount it first',
      EXDEV: 'something is mounted there: unmount it first',
      EPERM: 'an immutable file: chattr -R -i clears the mark',
    },
  };
  const type = typeOf(purpose, dirFd, name);
  if (type === undefined) return;
  if (type !== S.S_IFDIR) {
    unlink(purpose, dirFd, name);
    return;
  }
  using top = openToRemove(purpose, dirFd, name);
  // Deep directories are moved into the top one while it is emptied, so it is looked at until it stays empty.
  for (;;) {
    const left = yield* empty(purpose, top, top, 1);
    if (left === 0) break;
    syscall(purpose, 'lseek', top.fd, 0, SEEK.SEEK_SET);
  }
  removeDirectory(purpose, dirFd, name);
}

/** Removes what a directory holds; returns how many names it had. */
function* empty(purpose: Purpose, directory: OwnedFd, top: OwnedFd, depth: number): Generator<void, number> {
  let count = 0;
  for (;;) {
    const entries = nextEntries(purpose, directory.fd);
    if (entries.length === 0) return count;
    for (const { name, type } of entries) {
      count++;
      const isDirectory =
        type === DT.DT_DIR || (type === DT.DT_UNKNOWN && typeOf(purpose, directory.fd, name) === S.S_IFDIR);
      if (!isDirectory) unlink(purpose, directory.fd, name);
      else if (depth < MAX_DEPTH) yield* removeNested(purpose, directory, name, top, depth);
      else moveUp(purpose, directory, name, top);
      yield;
    }
  }
}

function* removeNested(
  purpose: Purpose,
  parent: OwnedFd,
  name: Buffer,
  top: OwnedFd,
  depth: number,
): Generator<void> {
  {
    using directory = openToRemove(purpose, parent.fd, name);
    yield* empty(purpose, directory, top, depth + 1);
  }
  removeDirectory(purpose, parent.fd, name);
}

function moveUp(purpose: Purpose, parent: OwnedFd, name: Buffer, top: OwnedFd): void {
  syscall(purpose, 'renameat2', parent.fd, name, top.fd, `.deep-${randomUUID()}`, 0);
}

function openToRemove(purpose: Purpose, dirFd: number, name: Uint8Array): OwnedFd {
  const flags = O.O_RDONLY | O.O_DIRECTORY | O.O_NOFOLLOW;
  const resolve = RESOLVE.RESOLVE_BENEATH | RESOLVE.RESOLVE_NO_SYMLINKS | RESOLVE.RESOLVE_NO_XDEV;
  const open = (): OwnedFd => openInRoot(purpose, dirFd, name, flags, resolve);
  const opened = failsWith([ERRNO.EACCES], open);
  if (opened !== undefined) return opened;
  // Without CAP_DAC_OVERRIDE even the owner may not read a directory of mode 000. fchmodat(2) follows links, so the
  // name is made sure of first by a descriptor that needs no permission, and changed through that.
  using handle = openInRoot(purpose, dirFd, name, O.O_PATH | O.O_DIRECTORY | O.O_NOFOLLOW, resolve);
  syscall(purpose, 'fchmodat', handle.fd, `/proc/self/fd/${handle.fd}`, 0o700);
  return open();
}
