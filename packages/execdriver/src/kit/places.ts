import { readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno } from '@ns/errors';
import { ERRNO, failsWith, MNT, syscall } from '@ns/syscall';

import { FILES } from '../native/state.js';
import type { Place } from './command.js';

/** @param directory - The container's whole state directory. */
export const placeOf = (id: string, directory: string): Place => ({
  id,
  directory: join(directory, FILES.driver),
  root: join(directory, FILES.root),
});

/**
 * Remove what the kit and the definition have put into a state directory beside its files. Nothing is mounted there on the
 * host; if the tool has done it after all, it is unmounted: a mounted root must not be removed with the directory.
 */
export function clearPlace(directory: string): void {
  for (const path of mountPointsBelow(realpathSync(directory))) {
    failsWith([ERRNO.EINVAL, ERRNO.ENOENT], () =>
      syscall({ what: `unmount ${path}`, path }, 'umount2', path, MNT.MNT_DETACH),
    );
  }
  try {
    rmdirSync(join(directory, FILES.root));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  for (const name of [FILES.driver, FILES.inner])
    rmSync(join(directory, name), { recursive: true, force: true });
}

/** The deepest first. */
function mountPointsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescapePath(line.split(' ')[4] ?? ''))
    .filter((path) => path.startsWith(`${directory}/`))
    .toReversed();
}

/** Blanks and the like are in octal. See proc(5). */
const unescapePath = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(parseInt(digits, 8)));
