import { unlinkSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno, NsError } from '@ns/errors';
import { startError } from '@ns/execdriver/runtime';
import {
  failureOf,
  O,
  openat2,
  readAvailable,
  SIG,
  writeAll,
  type Image,
  type OwnedFd,
  type Step,
} from '@ns/syscall';

import { messageOf } from '../log.js';
import { runHook } from './hooks.js';
import { inCallersWords, waitReadable } from './launch.js';
import {
  directoryOf,
  FILES,
  hasServiceManager,
  ociState,
  readState,
  statusOf,
  type StateRecord,
} from './state.js';

/** How a container is started. */
export interface StartOptions {
  readonly warn: (message: string) => void;
  /** This process stays with it: the service manager is to watch us, and its readiness is not waited for. */
  readonly attached?: boolean;
}

/**
 * Let the first process of a created container execute its program; returns when it has.
 *
 * @remarks
 * The first process waits at a fifo that it has open itself: when it has ended there is nobody who reads, and the kernel
 * says so (`ENXIO`). Nothing can be waited for in vain, as with a fifo that both sides open.
 *
 * @throws {@link NsError} `ERR_NS_CONFLICT` when it is not created (any more), `ERR_NS_COMMAND_NOT_FOUND`,
 * `ERR_NS_COMMAND_NOT_EXECUTABLE`, `ERR_NS_STEP_FAILED`
 */
export async function startContainer(
  root: string,
  id: string,
  { warn, attached = false }: StartOptions,
): Promise<StateRecord> {
  const record = readState(root, id);
  const status = statusOf(root, record);
  if (status !== 'created') throw notCreated(id, status);
  if (record.command === undefined) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'start',
      message: `container ${id} has no process to start`,
      hint: 'its configuration has no process: it can be deleted',
    });
  }
  const directory = directoryOf(root, id);
  using told = openat2(join(directory, FILES.status), { flags: O.O_RDONLY | O.O_NONBLOCK });
  const notify = hasServiceManager() ? await import('./notify.js') : undefined;
  const socket = notify?.listenForReady(directory);
  using start = openStart(directory, id);
  // Whoever removes it is the one who starts.
  claimStart(directory, id);
  writeAll(start.fd, new Uint8Array(1));
  start.close();
  awaitExec(record, told);
  await runPoststart(root, record);
  if (notify !== undefined && socket !== undefined) {
    const { init_process_pid: first } = record;
    const telling = {
      manager: process.env['NOTIFY_SOCKET']!,
      first,
      mainPid: attached ? process.pid : first,
    };
    const heard = notify.tellReady(socket, telling).catch((error: unknown) => warn(messageOf(error)));
    if (!attached) await heard;
  }
  return record;
}

/** The container ends when one of these hooks fails: specification 1.3, "Lifecycle", and what runc always did. */
async function runPoststart(root: string, record: StateRecord): Promise<void> {
  try {
    for (const hook of record.hooks.poststart) {
      await runHook('poststart', hook, ociState(record, 'running'));
    }
  } catch (error) {
    const { signalContainer } = await import('./destroy.js');
    // That it has ended meanwhile is nothing to hear of.
    await signalContainer(root, record.id, SIG.SIGKILL, true).catch(() => undefined);
    throw error;
  }
}

function openStart(directory: string, id: string): OwnedFd {
  try {
    return openat2(join(directory, FILES.start), { flags: O.O_WRONLY | O.O_NONBLOCK });
  } catch (error) {
    if (isErrno(error, 'ENXIO')) throw notCreated(id, 'stopped');
    if (isErrno(error, 'ENOENT')) throw notCreated(id, 'running');
    throw error;
  }
}

function claimStart(directory: string, id: string): void {
  try {
    unlinkSync(join(directory, FILES.start));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw notCreated(id, 'running');
    throw error;
  }
}

/** Nobody has the fifo open for writing any more, or there is a record in it. */
function awaitExec(record: StateRecord, told: OwnedFd): void {
  waitReadable(told.fd);
  const sites = new Map(
    record.late_steps.map(({ address, ...step }): [number, Step] => [
      address,
      { op: 'fail', errno: 'EIO', ...step },
    ]),
  );
  const program = { title: 'start', steps: [], statusFd: 0, failureStatus: 127 };
  const bytes = readAvailable(told.fd, 8);
  if (bytes !== undefined && bytes.length > 0) {
    const error = startError('start', failureOf({ program, sites } as unknown as Image, bytes));
    throw inCallersWords(error, record.command);
  }
}

/** Why there is nothing to start, in runc's words. */
const REASONS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  stopped: ['cannot start a container that has stopped: ID', 'delete it and create it anew'],
  paused: ['cannot start a container in the paused state: ID', 'resume it first'],
};

function notCreated(id: string, status: string): NsError {
  const [message, hint] = REASONS[status] ?? [
    `cannot start an already running container: ${id} is ${status}`,
  ];
  return new NsError('ERR_NS_CONFLICT', { operation: 'start', message: message.replace('ID', id), hint });
}
