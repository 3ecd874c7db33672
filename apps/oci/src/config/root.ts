import { lstatSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';

import { isErrno } from '@ns/errors';

import { invalid, show } from './invalid.js';

/**
 * The directory that `root.path` names, without symbolic links on the way.
 *
 * @remarks
 * A root that is a link is refused, as runc does: what it points to may change between the look and the use. Links above
 * an absolute root are the host's (`/var/run`), and are followed.
 *
 * @param bundle - Absolute, without links.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when it is not there, no directory, a link, `/`, or a relative path
 * that leaves the bundle.
 */
export function findRoot(path: string, bundle: string): string {
  const absolute = isAbsolute(path) ? path : join(bundle, path);
  let real: string;
  try {
    const status = lstatSync(absolute.replace(/\/+$/, '') || '/');
    if (status.isSymbolicLink()) {
      throw invalid('root.path', `${show(path)} is a symbolic link`, 'name the directory that it leads to');
    }
    if (!status.isDirectory()) throw invalid('root.path', `${show(path)} is no directory`);
    real = realpathSync(absolute);
  } catch (error) {
    if (isErrno(error, 'ENOENT'))
      throw invalid('root.path', `there is no ${absolute}`, 'unpack an image there');
    for (const code of ['ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG'] as const) {
      if (isErrno(error, code)) throw invalid('root.path', `${show(path)} cannot be reached: ${code}`);
    }
    throw error;
  }
  if (!isAbsolute(path) && (relative(bundle, real).startsWith('..') || isAbsolute(relative(bundle, real)))) {
    throw invalid(
      'root.path',
      `${show(path)} leads out of the bundle, to ${real}`,
      'write an absolute path to mean it',
    );
  }
  return real;
}
