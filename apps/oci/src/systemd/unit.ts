import { NsError } from '@ns/errors';
import { createCgroup, detect, type Cgroup, type Resources } from '@ns/cgroups';

import type { CgroupPlan } from '../plan.js';
import { annotatedProperties } from './annotations.js';
import { refusal, Systemd } from './bus.js';
import { limitProperties } from './limits.js';
import { startPlaceholder } from './placeholder.js';
import { flag, text, type Property } from './variant.js';
import { Variant } from '@jellybrick/dbus-next';

const UNIT_EXISTS = 'org.freedesktop.systemd1.UnitExists';
const NO_SUCH_UNIT = 'org.freedesktop.systemd1.NoSuchUnit';

/** What a unit is made of. */
export interface UnitRequest {
  readonly cgroup: Extract<CgroupPlan, { kind: 'systemd' }>;
  readonly id: string;
  readonly resources: Resources;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A unit that systemd has made. */
export interface Unit {
  /** `docker-1234.scope`. */
  readonly name: string;
  readonly cgroup: Cgroup;
  /** Call it when the container's first process is in the cgroup: until then a process of ours keeps the unit alive. */
  release(): Promise<void>;
}

/** The name of a container's unit: a scope, or a slice that is named as one. */
export const unitNameOf = ({ prefix, name }: UnitRequest['cgroup']): string => {
  if (name.endsWith('.slice')) return name;
  return `${prefix === '' ? '' : `${prefix}-`}${name}.scope`;
};

/**
 * Have systemd make the cgroup of a container, with its limits, and set those that systemd does not know.
 *
 * @remarks
 * The unit is transient and delegated: systemd keeps out of what is below it. It is gone with its last process.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` without systemd, `ERR_NS_CONFLICT` when there is such a unit, `ERR_NS_API`
 * when systemd refuses, `ERR_NS_TIMEOUT`; as `createCgroup`. Nothing is left of the attempt.
 */
export async function startUnit(request: UnitRequest): Promise<Unit> {
  const { cgroup: plan, resources } = request;
  const name = unitNameOf(plan);
  const isScope = name.endsWith('.scope');
  const layout = detect();
  const properties = unitProperties(request, isScope, layout.kind === 'v2');
  using systemd = await Systemd.connect();
  const placeholder = isScope ? startPlaceholder() : undefined;
  try {
    if (placeholder !== undefined) properties.push(['PIDs', new Variant('au', [placeholder.pid])]);
    await start(systemd, name, properties);
    try {
      const path = String(await systemd.property(name, isScope ? 'Scope' : 'Slice', 'ControlGroup'));
      const at = path.lastIndexOf('/');
      const parent = at === 0 ? '/' : path.slice(0, at);
      const cgroup = createCgroup({ parent, name: path.slice(at + 1), resources, layout, existing: 'adopt' });
      return { name, cgroup, release: () => placeholder?.end() ?? Promise.resolve() };
    } catch (error) {
      await stop(systemd, name);
      throw error;
    }
  } catch (error) {
    await placeholder?.end();
    throw error;
  }
}

function unitProperties(
  { cgroup: plan, id, resources, annotations }: UnitRequest,
  isScope: boolean,
  isV2: boolean,
): Property[] {
  const slice = plan.slice === '' ? 'system.slice' : plan.slice;
  return [
    text('Description', `ns-oci container ${id}`),
    ...(isScope
      ? [text('Slice', slice), flag('Delegate', true)]
      : // A slice has its place by its name.
        [['Wants', new Variant('as', [slice])] as const]),
    flag('DefaultDependencies', false),
    flag('MemoryAccounting', true),
    flag('CPUAccounting', true),
    flag(isV2 ? 'IOAccounting' : 'BlockIOAccounting', true),
    flag('TasksAccounting', true),
    ...limitProperties(resources, isV2),
    ...annotatedProperties(annotations),
  ];
}

async function start(systemd: Systemd, name: string, properties: readonly Property[]): Promise<void> {
  const body = [name, 'fail', properties, []];
  let result: string;
  try {
    result = await systemd.job('StartTransientUnit', 'ssa(sv)a(sa(sv))', body);
  } catch (error) {
    if (refusal(error) !== UNIT_EXISTS) throw error;
    // One of that name may have failed, and be kept for someone to look at.
    await resetFailed(systemd, name);
    try {
      result = await systemd.job('StartTransientUnit', 'ssa(sv)a(sa(sv))', body);
    } catch (again) {
      if (refusal(again) !== UNIT_EXISTS) throw again;
      throw new NsError('ERR_NS_CONFLICT', {
        operation: 'systemd',
        message: `there is a unit ${name}`,
        hint: 'choose another name in linux.cgroupsPath, or stop it',
        cause: again,
      });
    }
  }
  if (result === 'done') return;
  await resetFailed(systemd, name);
  throw new NsError('ERR_NS_API', {
    operation: 'systemd',
    message: `starting ${name}: ${result}`,
    hint: `see journalctl -u ${name}`,
  });
}

/**
 * Stop a container's unit; one that is gone already is stopped.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` without systemd, `ERR_NS_TIMEOUT`
 */
export async function stopUnit(name: string): Promise<void> {
  using systemd = await Systemd.connect();
  await stop(systemd, name);
}

async function stop(systemd: Systemd, name: string): Promise<void> {
  try {
    await systemd.job('StopUnit', 'ss', [name, 'replace']);
  } catch (error) {
    if (refusal(error) !== NO_SUCH_UNIT) throw error;
  }
  await resetFailed(systemd, name);
}

/** Only a unit that has failed is known afterwards. */
async function resetFailed(systemd: Systemd, name: string): Promise<void> {
  try {
    await systemd.manage('ResetFailedUnit', 's', [name]);
  } catch (error) {
    if (refusal(error) === undefined) throw error;
  }
}

/**
 * Tell systemd of changed limits, which it sets, and would undo otherwise. The caller sets them as well.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` without systemd, `ERR_NS_API` when it refuses.
 */
export async function updateUnit(name: string, resources: Resources): Promise<void> {
  const properties = limitProperties(resources, detect().kind === 'v2');
  if (properties.length === 0) return;
  using systemd = await Systemd.connect();
  await systemd.manage('SetUnitProperties', 'sba(sv)', [name, true, properties]);
}
