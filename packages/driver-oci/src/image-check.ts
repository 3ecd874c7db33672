import { lstatSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno, NsError } from '@ns/errors';
import type { RootSpec } from '@ns/execdriver';

import { layersOf } from './in-path.js';

/** Where runtimes put what every container has, following links of the image: runc 1.1.5 writes to the host by a link for /dev. */
const OURS = ['dev', 'proc', 'sys'] as const;

/**
 * Refuse an image that would lead the runtime astray.
 *
 * @remarks
 * Every layer is looked at, for none has a reason to have such a link. The image must not be changed by others meanwhile: a
 * runtime follows what is there later by its name.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function assertNoLinks(root: RootSpec): void {
  for (const layer of layersOf(root)) {
    const link = OURS.find((name) => isLink(join(layer, name)));
    if (link === undefined) continue;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'root',
      message: `/${link} of the image is a symbolic link`,
      path: join(layer, link),
      hint: 'make it a directory: what every container has is mounted there',
    });
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
