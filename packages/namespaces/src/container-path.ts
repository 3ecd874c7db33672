import { invalid } from './invalid.js';

const MAX_PATH = 4095;
const MAX_NAME = 255;

/**
 * A path inside the container in its shortest form: absolute, without `.`, `..` or empty components.
 *
 * @remarks
 * Pure, and lexical as in Docker: `/a/../b` is `/b`. What the components are is for the kernel to see, later, below
 * the root's descriptor; this only refuses what can never be right.
 *
 * @param operation - Begins the error's message: `mounts`.
 * @param name - What the path is, in the error's message: `target`.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when it is not absolute, leaves the root, or is too long.
 */
export function containerPath(operation: string, name: string, path: string): string {
  const quoted = JSON.stringify(path);
  if (path === '') throw invalid(operation, `${name} is empty`);
  if (!path.startsWith('/')) {
    throw invalid(operation, `${name} ${quoted} is not absolute`, { path, hint: `write it as /${path}` });
  }
  if (path.includes('\0')) throw invalid(operation, `${name} ${quoted} holds a NUL`, { path });
  if (Buffer.byteLength(path) > MAX_PATH) {
    throw invalid(operation, `${name} of ${Buffer.byteLength(path)} bytes is longer than ${MAX_PATH}`, {
      path,
    });
  }
  const kept: string[] = [];
  for (const component of path.split('/')) {
    if (component === '' || component === '.') continue;
    if (Buffer.byteLength(component) > MAX_NAME) {
      throw invalid(operation, `${name} ${quoted} has a component of more than ${MAX_NAME} bytes`, { path });
    }
    if (component !== '..') kept.push(component);
    else if (kept.pop() === undefined) {
      throw invalid(operation, `${name} ${quoted} leads out of the root`, {
        path,
        hint: 'remove the leading ..',
      });
    }
  }
  return `/${kept.join('/')}`;
}

/** True when `path` is `directory` or lies below it; both in their shortest form. */
export const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
