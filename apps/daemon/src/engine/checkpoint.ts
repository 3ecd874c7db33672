import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { CheckpointSummary } from '@ns/engine-api';
import { isErrno, NsError } from '@ns/errors';
import { unable, type Container as DriverContainer } from '@ns/execdriver';

import { withTimeout } from './actor.js';
import type { ManagedContainer } from './container.js';
import { publish } from './container-events.js';
import type { EngineContext } from './context.js';
import { driverOf } from './driver-of.js';
import { DOCKER, notRunning } from './errors.js';

/** A process that was written down, and does not end in this time, hangs in the kernel. */
const EXIT_TIMEOUT_MS = 10_000;

/** A checkpoint that is to be made. */
export interface CheckpointRequest {
  readonly name: string;
  /** A directory of the host instead of the container's own. */
  readonly directory: string | undefined;
  /** The container ends. */
  readonly exit: boolean;
}

/** Read the body of `POST /containers/{id}/checkpoints`. @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` */
export function checkCheckpointRequest(body: unknown): CheckpointRequest {
  const { CheckpointID, CheckpointDir, Exit } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof CheckpointID !== 'string')
    throw invalid('the checkpoint has no name', 'give it one: CheckpointID');
  if (CheckpointDir !== undefined && typeof CheckpointDir !== 'string')
    throw invalid('CheckpointDir is no text', 'name a directory of the host');
  if (Exit !== undefined && typeof Exit !== 'boolean')
    throw invalid('Exit is neither true nor false', 'say true for the container to end');
  return { name: CheckpointID, directory: CheckpointDir || undefined, exit: Exit === true };
}

/**
 * Where a checkpoint is.
 *
 * @param directory - Of the host; default: beside the container's other files, gone with it.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a name that could lead out of it.
 */
export function checkpointPath(
  container: ManagedContainer,
  name: string,
  directory: string | undefined,
): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name)) {
    throw invalid(
      `${JSON.stringify(name.slice(0, 60))} is no name of a checkpoint`,
      'letters, digits, "_", "." and "-", starting with a letter or digit',
    );
  }
  return join(checkpointsOf(container, directory), name);
}

function checkpointsOf({ paths }: ManagedContainer, directory: string | undefined): string {
  if (directory === undefined) return join(paths.directory, 'checkpoints');
  if (directory.startsWith('/') && !directory.includes('\0')) return directory;
  throw invalid(`the directory ${JSON.stringify(directory)} is not absolute`, 'name it in full');
}

/**
 * Write the state of a container's processes down.
 *
 * @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_UNSUPPORTED` by its driver or on this machine, `ERR_NS_CONFLICT` when
 * there is one of that name.
 */
export async function checkpoint(
  context: EngineContext,
  container: ManagedContainer,
  { name, directory, exit }: CheckpointRequest,
): Promise<void> {
  const path = checkpointPath(container, name, directory);
  const exited = container.isRunning && exit ? container.nextExit() : undefined;
  await container.actor.run(async () => {
    const { driver } = container;
    if (driver === undefined || container.record.state.status !== 'running') throw notRunning(container.id);
    const { info } = driverOf(container);
    if (driver.checkpoint === undefined || info.abilities.checkpoint !== true)
      throw unable(info, 'checkpoint', 'stop the container');
    mkdirSync(checkpointsOf(container, directory), { recursive: true, mode: 0o700 });
    const { manuallyStopped } = container.record;
    // On disk before it ends: its restart policy must not start it again.
    if (exit) await saveStopped(context, container, true);
    try {
      await driver.checkpoint({ directory: path, leaveRunning: !exit });
    } catch (error) {
      if (exit) await saveStopped(context, container, manuallyStopped);
      throw error;
    }
    publish(context, container, 'checkpoint');
  });
  if (exited !== undefined)
    await withTimeout(exited, EXIT_TIMEOUT_MS, `checkpoint container ${container.id}`);
}

async function saveStopped(
  context: EngineContext,
  container: ManagedContainer,
  manuallyStopped: boolean,
): Promise<void> {
  container.record = { ...container.record, manuallyStopped };
  await context.records.save(container.record);
}

/** What is to be done instead of a plain start; a driver without checkpoints refuses it. */
export async function restore(driver: DriverContainer, path: string): Promise<void> {
  if (driver.restore !== undefined) return await driver.restore(path);
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'restore',
    message: 'the driver of this container has no checkpoints',
    hint: 'start it without --checkpoint',
  });
}

/** The checkpoints of a container, by name. */
export function listCheckpoints(
  container: ManagedContainer,
  directory: string | undefined,
): CheckpointSummary[] {
  try {
    return readdirSync(checkpointsOf(container, directory), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => ({ Name: entry.name }))
      .toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** @throws {@link NsError} `ERR_NS_NOT_FOUND` */
export function removeCheckpoint(
  container: ManagedContainer,
  name: string,
  directory: string | undefined,
): void {
  const path = checkpointPath(container, name, directory);
  if (!listCheckpoints(container, directory).some((each) => each.Name === name)) {
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: DOCKER,
      message: `checkpoint ${name} does not exist for container ${container.id}`,
    });
  }
  rmSync(path, { recursive: true });
}

const invalid = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'checkpoint', message, hint });
