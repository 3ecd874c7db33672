import { fstatSync } from 'node:fs';

import type { RootSpec } from '@ns/execdriver';
import { O, openat2, openPath, RESOLVE } from '@ns/syscall';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The directories of the host that a root is made of, the topmost first. */
export const layersOf = (root: RootSpec): readonly string[] =>
  root.kind === 'directory'
    ? [root.path]
    : [...(root.upper === undefined ? [] : [root.upper]), ...root.lower];

/**
 * Whether a command that a runtime has not found in the PATH is there all the same, as a file that cannot be executed: as
 * the shell has it, that is another failure.
 *
 * @param layers - Where the container's files are. They are hostile: the kernel resolves paths in each.
 */
export function isInPath(command: string, env: readonly string[], layers: readonly string[]): boolean {
  if (command.includes('/')) return false;
  const path = env.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? DEFAULT_PATH;
  const files = path.split(':').map((directory) => `${directory}/${command}`.replace(/^\/+/, ''));
  return layers.some((layer) => files.some((file) => isFile(layer, file)));
}

function isFile(layer: string, path: string): boolean {
  try {
    using root = openPath(layer, { flags: O.O_DIRECTORY });
    using file = openat2(path, {
      dirFd: root.fd,
      flags: O.O_PATH,
      resolve: RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS,
    });
    return fstatSync(file.fd).isFile();
  } catch {
    // Whatever keeps us from it, the runtime has said that it is not there.
    return false;
  }
}
