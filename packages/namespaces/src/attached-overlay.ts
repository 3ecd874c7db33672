import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

import { NsError } from '@ns/errors';
import { cloneTree, moveMount, type OwnedFd, setMountAttributes, syscall, unmount } from '@ns/syscall';

import { overlayData } from './overlay.js';

/** On a tmpfs of every machine that boots with one, and short: all paths of an overlay's layers are one string. */
const PLACE = '/run/.ns-';

/** What an overlay is mounted of. */
export interface AttachedLayers {
  /** Topmost first. */
  readonly lower: readonly OwnedFd[];
  readonly upper?: string | undefined;
  readonly work?: string | undefined;
  /** A detached mount with the directories `upper` and `work`, instead of these. */
  readonly scratch?: OwnedFd | undefined;
}

/**
 * An overlay whose lower layers are detached mounts, for kernels that take layers only by their paths: before 6.15.
 *
 * @remarks
 * The layers are attached in a directory of their own for as long as it takes to mount the overlay, which keeps copies of
 * them, and nothing of it is left then.
 *
 * @returns A detached mount.
 * @throws SyscallError what mount(2) said; EINVAL for id-mapped layers before Linux 5.19.
 */
export function mountAttached({ lower, scratch, ...own }: AttachedLayers): OwnedFd {
  const place = mkdtempSync(PLACE);
  const attached: string[] = [];
  const attach = (tree: OwnedFd, name: string): string => {
    const path = join(place, name);
    mkdirSync(path);
    attached.push(path);
    moveMount(tree.fd, { path });
    return path;
  };
  try {
    const paths = lower.map((tree, index) => attach(tree, String(index)));
    const over = scratch && attach(scratch, 'scratch');
    const { upper, work } = over === undefined ? own : { upper: `${over}/upper`, work: `${over}/work` };
    const data = overlayData({ lower: paths, upper, work, userxattr: false });
    if (data === undefined) {
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: 'root',
        message: `${lower.length} layers whose ids are mapped are more than this kernel takes`,
        hint: 'use kernel 6.15 or newer, or an image of fewer layers',
      });
    }
    const target = join(place, 'root');
    mkdirSync(target);
    attached.push(target);
    syscall('mount an overlay', 'mount', 'overlay', target, 'overlay', 0, data);
    const overlay = cloneTree(target);
    try {
      setMountAttributes('', { dirFd: overlay.fd, propagation: 'private' });
      return overlay;
    } catch (error) {
      overlay.close();
      throw error;
    }
  } finally {
    for (const path of attached.toReversed()) remove(path);
    rmdirSync(place);
  }
}

/** What is mounted there, if anything is, and the directory. */
function remove(path: string): void {
  try {
    unmount(path, { detach: true });
  } catch {
    // It was not attached.
  }
  rmdirSync(path);
}
