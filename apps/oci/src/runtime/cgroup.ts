import { createCgroup, openCgroup, type Cgroup } from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';
import { readCgroupLayout, type CgroupLayout } from '@ns/namespaces';

import type { ContainerPlan } from '../plan.js';

/** Where a container's cgroup is when its configuration does not say. */
export const cgroupPathOf = ({ spec, cgroup }: ContainerPlan): string =>
  cgroup?.kind === 'path' ? cgroup.path : `/${spec.id}`;

/**
 * Make the cgroup of a container, with its limits.
 *
 * @remarks
 * One that is there and has no process (of a container that was killed with its runtime, or made by the caller) is
 * taken away and made anew.
 *
 * @returns `undefined` where none can be made and the container may do without (`rootless`).
 * @throws {@link NsError} `ERR_NS_CONFLICT` when it has processes; as `createCgroup`.
 */
export async function makeCgroup(
  plan: ContainerPlan,
  options: { readonly rootless: boolean; readonly warn: (message: string) => void },
): Promise<Cgroup | undefined> {
  const { rootless, warn } = options;
  const path = cgroupPathOf(plan);
  const create = (): Cgroup =>
    createCgroup({
      parent: '/',
      name: path.slice(1),
      resources: plan.spec.resources ?? {},
      ...(rootless ? { onUnsupported: (error) => warn(error.message) } : {}),
    });
  try {
    try {
      return create();
    } catch (error) {
      if (!NsError.is(error) || error.code !== 'ERR_NS_CONFLICT') throw error;
      const left = openCgroup(path);
      const processes = left.processes().length;
      if (processes > 0) {
        throw new NsError('ERR_NS_CONFLICT', {
          operation: 'cgroup',
          message: `container's cgroup is not empty: ${processes} processes found in ${path}`,
          hint: 'choose another linux.cgroupsPath, or end them',
          cause: error,
        });
      }
      await left.remove();
      return create();
    }
  } catch (error) {
    if (!rootless || !isErrno(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    warn(`no cgroup, and no limits: ${(error as Error).message}`);
    return undefined;
  }
}

/** How a container sees cgroups that are mounted in it: those of version 1 that it does not have to itself as its own. */
export function cgroupView(
  plan: ContainerPlan,
  cgroup: Cgroup | undefined,
): { readonly layout: CgroupLayout; readonly fresh: boolean } | undefined {
  if (!plan.mounts.some(({ type, bind }) => bind === undefined && /^cgroup2?$/.test(type))) return undefined;
  const layout = readCgroupLayout();
  const { cgroup: source = 'host' } = plan.spec.namespaces ?? {};
  const fresh = source !== 'host' || layout.version === 2;
  if (fresh || cgroup === undefined) return { layout, fresh };
  const own = (hierarchy: CgroupLayout['hierarchies'][number]): string =>
    cgroup.directory(hierarchy.options[0] ?? 'unified') ?? hierarchy.ownDirectory;
  return {
    fresh,
    layout: { ...layout, hierarchies: layout.hierarchies.map((one) => ({ ...one, ownDirectory: own(one) })) },
  };
}
