import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { NsError } from '@ns/errors';

/**
 * The files of modules in the order in which they load: each after what it depends on. What is built into the kernel needs
 * no loading.
 *
 * @param dependencies - The text of `modules.dep`, see modules.dep(5).
 * @param builtIn - The text of `modules.builtin`.
 * @param wanted - Names as in `virtio_pci`.
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when a module is in neither list: this kernel does not do.
 */
export function loadOrder(dependencies: string, builtIn: string, wanted: readonly string[]): string[] {
  const table = new Map<string, { readonly path: string; readonly needs: readonly string[] }>();
  for (const line of dependencies.split('\n')) {
    const [path, needs = ''] = line.split(':');
    if (path) table.set(nameOf(path), { path, needs: needs.split(' ').filter(Boolean).map(nameOf) });
  }
  const inKernel = new Set(builtIn.split('\n').filter(Boolean).map(nameOf));
  const order: string[] = [];
  const visit = (name: string): void => {
    const module = table.get(name);
    if (module === undefined) {
      if (inKernel.has(name)) return;
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: 'kernel modules',
        message: `the kernel has no module ${name}`,
        hint: 'use the kernel of the package linux-image-amd64: that for clouds lacks some modules',
      });
    }
    if (order.includes(module.path)) return;
    module.needs.forEach(visit);
    if (!order.includes(module.path)) order.push(module.path);
  };
  wanted.forEach(visit);
  return order;
}

/** A module's name is its file's, with `-` and `_` the same. */
const nameOf = (path: string): string =>
  path
    .replace(/^.*\//, '')
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');

/**
 * Read the modules that a guest needs, in the order in which they load.
 *
 * @param directory - `/lib/modules/RELEASE`, with what depmod(8) writes.
 */
export function readModules(directory: string, wanted: readonly string[]): Buffer[] {
  const text = (name: string): string => {
    const path = join(directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  return loadOrder(text('modules.dep'), text('modules.builtin'), wanted).map((path) =>
    readModule(join(directory, path)),
  );
}

/** Since Debian 13 they are compressed. */
function readModule(path: string): Buffer {
  if (!path.endsWith('.xz')) return readFileSync(path);
  return execFileSync('xz', ['-dc', path], { maxBuffer: 2 ** 28 });
}
