import { mkdirSync } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Container as DriverContainer, ContainerSpec, ExecDriver, RootSpec } from '@ns/execdriver';
import { NsError } from '@ns/errors';

import { withTimeout } from './actor.js';
import { restore } from './checkpoint.js';
import type { ManagedContainer } from './container.js';
import type { EngineContext } from './context.js';
import { driverOf, ensureDriver } from './driver-of.js';
import { notRunning } from './errors.js';
import { etcFiles, etcMounts, readHostEtc, writeEtcFiles } from './etc-files.js';
import type { Attachment } from '../network/endpoint.js';
import { linkedPorts, resolveLinks } from '../network/links.js';
import { etcNetwork, tellNames } from '../network/names.js';
import { findRoot } from './root.js';
import { apparmorOf } from './security.js';
import { containerSpec, hostnameOf } from './spec.js';
import { rootOf } from './user-remap.js';
import { seedVolume } from './volume-seed.js';

const HOST_IDS = { uids: [], gids: [] };

/** A driver whose container does not come up in this time hangs: in a mount, most likely. */
const START_TIMEOUT_MS = 60_000;

/**
 * Make everything ready, and let the driver start the program. On failure nothing of the attempt is left.
 *
 * @param from - A checkpoint to go on from.
 */
export async function launch(
  context: EngineContext,
  container: ManagedContainer,
  from?: string,
): Promise<DriverContainer> {
  context.networks.connect(container.record);
  try {
    context.networks.link(container.id, linkedPorts(context, container.record));
    const driver = await launchConnected(context, container, from);
    tellNames(context, container.id, context.networks.of(container.id));
    return driver;
  } catch (error) {
    disconnect(context, container);
    throw error;
  }
}

/** Give back the container's place on its networks, when nothing of it runs any more. */
export function disconnect(context: EngineContext, container: ManagedContainer): void {
  const attachment = context.networks.of(container.id);
  context.networks.disconnect(container.record);
  tellNames(context, container.id, attachment);
}

async function launchConnected(
  context: EngineContext,
  container: ManagedContainer,
  from: string | undefined,
): Promise<DriverContainer> {
  const execDriver = await ensureDriver(context, container);
  const spec = await prepareSpec(context, container);
  context.marks.set(container.id);
  await removeLeftover(execDriver, container.id);
  const driver = await execDriver.create(spec);
  try {
    container.log?.open();
    const running = from === undefined ? driver.start() : restore(driver, from);
    await withTimeout(running, START_TIMEOUT_MS, `start container ${container.id}`);
    return driver;
  } catch (error) {
    await driver.destroy().catch((cleanup: unknown) => {
      context.logger.error(`container ${container.id}: what a failed start left cannot be removed`, cleanup);
    });
    throw error;
  }
}

/** The spec of a container as it is to be started now, with the directories and files of the host that it names. */
export async function prepareSpec(
  context: EngineContext,
  container: ManagedContainer,
): Promise<ContainerSpec> {
  const { record, paths } = container;
  mkdirSync(paths.directory, { recursive: true, mode: 0o710 });
  const root = await findRoot(context, record, paths);
  const attachment = context.networks.of(container.id) ?? context.networks.plan(record);
  const spec = planSpec(context, container, root, attachment);
  for (const { spec: mount, point, makeSource } of record.mounts) {
    if (mount.type !== 'bind' || !makeSource) continue;
    const owner = rootOf(record.ids ?? HOST_IDS);
    if (point.Type === 'volume') await seedVolume(mount.source, root, mount.target, owner);
    else await makeMissing(mount.source, owner);
  }
  const hostname = hostnameOf(record, context.hostname());
  const network = etcNetwork(context, record, attachment);
  const files = etcFiles(hostname, record.hostConfig, readHostEtc(), network);
  writeEtcFiles(paths, files, rootOf(record.ids ?? HOST_IDS));
  // A driver that cannot is refused in create if a profile was named; the default one it does without.
  const { apparmor } = driverOf(container).info.abilities;
  return apparmor
    ? { ...spec, process: { ...spec.process, ...(await apparmorOf(record.hostConfig)) } }
    : spec;
}

/** What `-v` names and is not there becomes a directory; what is there, a file too, is bound as it is. */
async function makeMissing(path: string, { uid, gid }: ReturnType<typeof rootOf>): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o755 });
    if (first === undefined || uid === 0) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) await chown(made, uid, gid);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'bind mount',
      message: `source ${path} cannot be made: ${code ?? String(cause)}`,
      path,
      hint: 'Make it yourself, or name another directory of the host.',
      cause,
    });
  }
}

/**
 * The spec of a container with a root. Nothing is made.
 *
 * @param attachment - Its place on networks, when it is about to run.
 */
export function planSpec(
  context: EngineContext,
  container: ManagedContainer,
  root: RootSpec,
  attachment?: Attachment,
): ContainerSpec {
  const { record } = container;
  const peer = networkPeer(context, container);
  return containerSpec(record, {
    root,
    hostHostname: context.hostname(),
    machine: context.machine,
    cgroupParent: context.cgroupParent,
    abilities: driverOf(container).info.abilities,
    etc: etcMounts((peer ?? container).paths),
    ...(attachment === undefined
      ? {}
      : {
          network: context.networks.containerNetwork(attachment),
          linkEnv: resolveLinks(context, record).env,
        }),
    defaultUlimits: context.defaultUlimits,
    idsOf: (reference) => context.containers.get(reference).record.ids,
    pidOf: (reference) => {
      const other = context.containers.get(reference);
      const { pid } = other.record.state;
      if (!other.isRunning || pid === 0) throw notRunning(other.id);
      return pid;
    },
  });
}

/** The container whose network namespace this one shares: names and addresses go with the network. */
function networkPeer(context: EngineContext, container: ManagedContainer): ManagedContainer | undefined {
  const reference = /^container:(.+)$/.exec(container.record.hostConfig.NetworkMode ?? '')?.[1];
  return reference === undefined ? undefined : context.containers.get(reference);
}

/** State of an earlier run that a dying daemon could not remove. */
async function removeLeftover(driver: ExecDriver, id: string): Promise<void> {
  if (!(await driver.list()).includes(id)) return;
  const old = await driver.adopt(id).catch((error: unknown) => {
    if (NsError.is(error) && error.code === 'ERR_NS_NOT_FOUND') return undefined;
    throw error;
  });
  await old?.destroy();
}
