import { stat } from 'node:fs/promises';

import type { HostConfig } from '@ns/engine-api';
import { NsError } from '@ns/errors';
import { assertAble, type DriverInfo, validateSpec } from '@ns/execdriver';

import { logLimits } from '../logs/log-config.js';
import { formatNs, nowNs } from './clock.js';
import { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import type { CheckedCreate } from './create-schema.js';
import { DOCKER, invalid } from './errors.js';
import { fitToDriver } from './fit.js';
import { etcFiles } from './etc-files.js';
import { createId } from './ids.js';
import { checkEnvironment, commandOf, mergeImageConfig } from './image-config.js';
import { planSpec } from './launch.js';
import { planMounts } from './mounts.js';
import { createName, parseName } from './names.js';
import { checkNetworking, networkWarnings } from '../network/check.js';
import { parseLink } from '../network/links.js';
import { type ContainerRecord, NEVER_RUN, type RootSource, type StoredMount } from './record.js';
import { checkLimits } from './resource-checks.js';
import { withSwap } from './resources.js';
import { parseRestartPolicy } from './restart-policy.js';
import { checkRootDirectory, createRoot, removeRoot, standInRoot } from './root.js';
import { parseSignal } from './signals.js';
import { warningsOf } from './warnings.js';

/** A container that would be created, and what of the request has no effect. */
export interface Plan {
  readonly container: ManagedContainer;
  readonly warnings: readonly string[];
}

/**
 * Check a request as a whole, and say what container it asks for. Nothing is created.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_NOT_FOUND` for an image or container there is not.
 */
export async function planContainer(
  context: EngineContext,
  request: CheckedCreate,
  name: string,
): Promise<Plan> {
  const { HostConfig: asked = {}, NetworkingConfig: _, ...user } = request;
  const runtime = asked.Runtime || context.drivers.defaultName;
  const driver = await context.drivers.available(runtime);
  const { host, warnings: fitting } = fitToDriver(asked, driver.info);
  const hasBridge = context.networks.config.bridge !== 'none';
  const networks = checkNetworking({ ...request, HostConfig: host }, hasBridge);
  const root = await rootSource(context, request);
  const image = root.kind === 'image' ? await context.images.resolve(user.Image ?? '') : undefined;
  const config = mergeImageConfig(user, image?.config ?? {});
  checkEnvironment(config.Env ?? []);
  if (config.StopSignal) parseSignal(config.StopSignal);
  const mounts = planMounts(config, host, {
    newVolume: () => {
      const volume = createId();
      return { name: volume, directory: context.paths.volume(volume) };
    },
    mountsOf: (reference) => context.containers.get(reference).record.mounts,
  });
  await checkSources(mounts);
  const policy = parseRestartPolicy(host.RestartPolicy, host.AutoRemove ?? false);
  const { limits: limited, warnings } = checkLimits(withSwap(host as HostConfig), context.machine);
  const record: ContainerRecord = {
    version: 1,
    id: createId(),
    name,
    created: formatNs(nowNs()),
    image: user.Image ?? '',
    root,
    ...idsOf(context, host, driver.info),
    config,
    hostConfig: {
      ...limited,
      NetworkMode: host.NetworkMode || 'default',
      Runtime: runtime,
      RestartPolicy: policy,
    },
    ...(Object.keys(networks).length > 0 ? { networks } : {}),
    command: commandOf(config),
    mounts,
    state: NEVER_RUN,
    restartCount: 0,
    manuallyStopped: false,
  };
  const limits = logLimits(host.LogConfig);
  const container = new ManagedContainer(record, context.paths.container(record.id), limits);
  container.execDriver = driver;
  // Docker's client takes "not found" for the image's, and would pull it.
  asInvalid(() => {
    for (const link of host.Links ?? []) context.containers.get(parseLink(link).reference);
    return context.networks.check(record);
  });
  etcFiles('', record.hostConfig, { hosts: '', resolvConf: '' }, context.networks.standIn(record));
  const spec = planSpec(context, container, standInRoot(container));
  validateSpec(spec);
  assertAble(driver.info, spec);
  return {
    container,
    warnings: [...fitting, ...warnings, ...networkWarnings(host, hasBridge), ...warningsOf(user)],
  };
}

/** Docker's words: what a container that has ids of its own cannot have of the host. */
function idsOf(
  { remap }: EngineContext,
  host: NonNullable<CheckedCreate['HostConfig']>,
  { name, abilities }: DriverInfo,
): Pick<ContainerRecord, 'ids'> {
  if (remap === undefined || host.UsernsMode === 'host') return {};
  if (!abilities.namespaces.includes('user')) {
    throw invalid(
      'HostConfig.Runtime',
      `driver ${name} has no user namespaces, which --userns-remap of ns-daemon asks for`,
      'Say --userns=host to run it with the ids of the host, or choose another driver.',
    );
  }
  const shared = (
    [
      [host.NetworkMode, "the host's network namespace"],
      [host.PidMode, 'the host PID namespace'],
      [host.UTSMode, "the host's UTS namespace"],
    ] as const
  ).find(([mode]) => mode === 'host');
  if (host.Privileged || shared) {
    throw invalid(
      host.Privileged ? 'HostConfig.Privileged' : 'HostConfig',
      host.Privileged
        ? 'privileged mode is incompatible with user namespaces. You must run the container in the host namespace when running privileged mode'
        : `cannot share ${shared![1]} when user namespaces are enabled`,
      'Say --userns=host to run it with the ids of the host.',
    );
  }
  return { ids: remap };
}

function asInvalid(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_FOUND') throw error;
    throw invalid(DOCKER, error.message.slice(error.operation.length + 2), error.hint);
  }
}

async function rootSource(context: EngineContext, request: CheckedCreate): Promise<RootSource> {
  const directory = request.HostConfig?.NsRootfs;
  const image = request.Image ?? '';
  if (directory) {
    if (image !== '') {
      throw invalid(
        'HostConfig.NsRootfs',
        'an image and a root directory exclude each other',
        'Leave Image empty.',
      );
    }
    return { kind: 'directory', path: await checkRootDirectory(directory) };
  }
  if (image === '') throw invalid('Image', 'no image specified', 'Name an image, or give a root directory.');
  return { kind: 'image', id: (await context.images.resolve(image)).id };
}

/** A source that is not to be made must be there; Docker's words. */
async function checkSources(mounts: readonly StoredMount[]): Promise<void> {
  for (const { spec, makeSource } of mounts) {
    if (spec.type !== 'bind' || makeSource) continue;
    const isThere = await stat(spec.source).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      throw invalid(
        'invalid mount config for type "bind"',
        `bind source path does not exist: ${spec.source}`,
        'Make the directory first, or use -v, which makes it.',
      );
    }
  }
}

/**
 * Create a container.
 *
 * @param name - What the user calls it; empty: a name is made up.
 * @throws {@link NsError} As {@link planContainer}, and `ERR_NS_CONFLICT` when the name is taken. Nothing is left then.
 */
export async function create(context: EngineContext, request: CheckedCreate, name: string): Promise<Plan> {
  const own = name === '' ? createName((taken) => context.containers.isTaken(taken)) : parseName(name);
  const plan = await planContainer(context, request, own);
  const { container } = plan;
  context.containers.reserveName(own, container.id);
  try {
    await createRoot(context, container.record);
    await context.records.save(container.record);
  } catch (error) {
    context.containers.releaseName(own, container.id);
    await removeRoot(context, container.record);
    await context.records.remove(container.id);
    throw error;
  }
  context.containers.add(container);
  publish(context, container, 'create');
  return plan;
}

/** @throws {@link NsError} `ERR_NS_CONFLICT` when the name is taken, `ERR_NS_INVALID_ARGUMENT` when it is no name. */
export function rename(context: EngineContext, container: ManagedContainer, newName: string): Promise<void> {
  return container.actor.run(async () => {
    const name = parseName(newName);
    const oldName = container.record.name;
    if (name === oldName) {
      throw invalid('rename', 'Renaming a container with the same name as its current name');
    }
    context.containers.reserveName(name, container.id);
    const renamed = { ...container.record, name };
    try {
      await context.records.save(renamed);
    } catch (error) {
      context.containers.releaseName(name, container.id);
      throw error;
    }
    container.record = renamed;
    context.containers.releaseName(oldName, container.id);
    publish(context, container, 'rename', { oldName: `/${oldName}` });
  });
}
