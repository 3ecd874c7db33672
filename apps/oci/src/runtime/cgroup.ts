import { createCgroup, openCgroup, type Cgroup } from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';
import { readCgroupLayout, type CgroupLayout } from '@ns/namespaces';

import type { ContainerPlan } from '../plan.js';

/** Where a container's cgroup is when its configuration does not say. */
export const cgroupPathOf = ({ spec, cgroup }: ContainerPlan): string =>
  cgroup?.kind === 'path' ? cgroup.path : `/${spec.id}`;

/** A container's cgroup, as it was made. */
export interface MadeCgroup {
  readonly cgroup: Cgroup;
  /** Of systemd, when it has made the cgroup. */
  readonly unit?: string | undefined;
  /** Call it when the first process is in the cgroup: a unit of systemd would be gone without a process until then. */
  release(): Promise<void>;
}

/** How a cgroup is made, whoever makes it. */
export interface MakeCgroupOptions {
  readonly rootless: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Make the cgroup of a container, with its limits: in the file system, or as a unit of systemd.
 *
 * @remarks
 * One that is there and has no process (of a container that was killed with its runtime, or made by the caller) is
 * taken away and made anew.
 *
 * @returns `undefined` where none can be made and the container may do without (`rootless`).
 * @throws {@link NsError} `ERR_NS_CONFLICT` when it has processes; as `createCgroup`, and as `startUnit`.
 */
export async function makeCgroup(
  plan: ContainerPlan,
  options: MakeCgroupOptions,
): Promise<MadeCgroup | undefined> {
  const { rootless, warn } = options;
  try {
    if (plan.cgroup?.kind === 'systemd') return await startContainerUnit(plan, plan.cgroup);
    return { cgroup: await createAnew(plan, options), release: () => Promise.resolve() };
  } catch (error) {
    if (!rootless || !isErrno(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    warn(`no cgroup, and no limits: ${(error as Error).message}`);
    return undefined;
  }
}

async function startContainerUnit(
  { spec, annotations }: ContainerPlan,
  cgroup: Extract<ContainerPlan['cgroup'], { kind: 'systemd' }>,
): Promise<MadeCgroup> {
  if (process.geteuid?.() !== 0) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'systemd',
      message: "units of a user's own systemd are not supported",
      hint: 'call the runtime as root, or without --systemd-cgroup',
    });
  }
  const { startUnit } = await import('../systemd/unit.js');
  const unit = await startUnit({ cgroup, id: spec.id, resources: spec.resources ?? {}, annotations });
  return { cgroup: unit.cgroup, unit: unit.name, release: () => unit.release() };
}

async function createAnew(plan: ContainerPlan, { rootless, warn }: MakeCgroupOptions): Promise<Cgroup> {
  const path = cgroupPathOf(plan);
  const create = (): Cgroup =>
    createCgroup({
      parent: '/',
      name: path.slice(1),
      resources: plan.spec.resources ?? {},
      ...(rootless ? { onUnsupported: (error) => warn(error.message) } : {}),
    });
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
}

/**
 * Remove a cgroup that has no process any more, by whoever has made it.
 *
 * @param unit - Of systemd.
 * @throws as `Cgroup.remove`, and as `stopUnit`.
 */
export async function removeCgroup(
  cgroup: Pick<Cgroup, 'path' | 'remove'> | undefined,
  unit: string | undefined,
  patience: Parameters<Cgroup['remove']>[0] = {},
): Promise<void> {
  if (unit !== undefined) {
    const { stopUnit } = await import('../systemd/unit.js');
    await stopUnit(unit);
  }
  // Hierarchies that systemd does not manage.
  await cgroup?.remove(patience);
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
  const own = ({
    options: [option = 'unified'],
    ownDirectory,
  }: CgroupLayout['hierarchies'][number]): string => {
    const named = cgroup.layout.hierarchies.find(
      ({ name }) => name !== undefined && option === `name=${name}`,
    );
    return named === undefined
      ? (cgroup.directory(option) ?? ownDirectory)
      : `${named.mountPoint}${cgroup.path}`;
  };
  return {
    fresh,
    layout: { ...layout, hierarchies: layout.hierarchies.map((one) => ({ ...one, ownDirectory: own(one) })) },
  };
}
