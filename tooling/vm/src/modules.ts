/**
 * The order in which modules load: each after what it depends on.
 *
 * @param dependencies - The text of `modules.dep`: `kernel/a.ko: kernel/b.ko kernel/c.ko`, see modules.dep(5).
 * @param builtIn - The text of `modules.builtin`: these need no loading.
 * @param wanted - Names as in `virtio_pci`.
 * @returns Paths as `modules.dep` has them.
 * @throws `Error` when a module is in neither list: this kernel does not do.
 */
export function loadOrder(dependencies: string, builtIn: string, wanted: readonly string[]): string[] {
  const table = new Map<string, { path: string; needs: string[] }>();
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
      throw new Error(`second kernel: it has no module ${name}`);
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
