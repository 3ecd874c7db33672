import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { executable as pathOf } from '@ns/dev/private-daemon';

/**
 * The Node that a user of this machine has: the one that started `./dev`, or the first one on PATH that is not this
 * repository's own.
 */
export function systemNode(): string {
  const named = process.env['NS_SYSTEM_NODE'];
  if (named !== undefined && named !== '') return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders
    .filter((folder) => folder.startsWith('/') && !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  return found ?? process.execPath;
}

/** The Node that runs this repository's tasks. */
export const developmentNode: string = process.execPath;

/** A built executable. @throws `Error` when it is not built. */
export function executable(app: 'cli' | 'daemon'): string {
  const path = pathOf(app);
  if (!existsSync(path)) throw new Error(`${path} is not there: build first, with pnpm run build`);
  return path;
}
