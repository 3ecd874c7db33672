import { call, cstr, fail, group, load, scratch, slot, when, type Operand, type Step } from '@ns/syscall';

import { containerPath } from './container-path.js';
import { openTarget } from './target.js';

/** The word by which an engine recognises that the working directory was at fault. */
export const WORKDIR_TAG = 'workdir';

const SLASH = '/'.codePointAt(0)!;
const MAX_PATH = 4096;

/**
 * Make the working directory in the container's root when it is missing: mode 0755, owned by root, as Docker.
 *
 * @remarks
 * After all mounts, before {@link readonlyRoot}. By descriptor: see {@link openTarget}.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a path that is not absolute or leaves the root.
 */
export function makeWorkdir(options: { readonly rootFd: Operand; readonly path: string }): readonly Step[] {
  const path = containerPath('working directory', 'path', options.path);
  if (path === '/') return [];
  return openTarget({
    rootFd: options.rootFd,
    path,
    kind: 'directory',
    what: `make the working directory ${path}`,
    tag: WORKDIR_TAG,
    into: slot('working directory'),
  });
}

/**
 * Go to the working directory and make sure that it lies inside the root.
 *
 * @remarks
 * After {@link pivotRoot}. getcwd(2) of a directory that no path from the root leads to answers `(unreachable)…`: an
 * image whose working directory is a link into `/proc/self/fd` got out that way (CVE-2024-21626).
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` as {@link makeWorkdir}.
 */
export function enterWorkdir(options: { readonly path: string }): readonly Step[] {
  const path = containerPath('working directory', 'path', options.path);
  const buffer = scratch(MAX_PATH, 'working directory');
  const first = slot('first byte');
  const purpose = { object: path, tag: WORKDIR_TAG };
  const check = `check that the working directory ${path} is inside the container`;
  return [
    group(
      'working directory',
      call('chdir', [cstr(path)], {
        ...purpose,
        what: `go to the working directory ${path}`,
        hints: {
          EACCES: `the user of the program may not enter ${path}`,
          ENOENT: `${path} does not exist in the container`,
          ENOTDIR: `${path} is a file in the container`,
          ELOOP: `${path} is a loop of symbolic links`,
        },
      }),
      call('getcwd', [buffer, MAX_PATH], { ...purpose, what: check }),
      load(first, buffer, 0, 1),
      when(
        [first, '!=', SLASH],
        [
          fail('EXDEV', {
            ...purpose,
            what: check,
            hints: { EXDEV: `${path} leads out of the container: choose another working directory` },
          }),
        ],
      ),
    ),
  ];
}
