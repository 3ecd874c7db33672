import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno, NsError } from '@ns/errors';

import type { OciConfig } from './config/types.js';

/** What is written beside the images of the processes. */
export interface CheckpointRecord {
  readonly version: 1;
  /** Of the container: criu puts the processes back there. */
  readonly cgroup: string;
}

const FILE = 'ns-checkpoint.json';

/** Write down what a container has to have in common with the one that is restored. */
export function writeRecord(directory: string, config: OciConfig): void {
  const record: CheckpointRecord = { version: 1, cgroup: config.linux.cgroupsPath };
  writeFileSync(join(directory, FILE), JSON.stringify(record), { mode: 0o600 });
}

/** @throws {@link NsError} `ERR_NS_NOT_FOUND` for what is no checkpoint, `ERR_NS_INVALID_ARGUMENT` for another container's. */
export function assertRestorable(directory: string, cgroup: string): void {
  const record = readRecord(directory);
  if (record.cgroup === cgroup) return;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'restore',
    message: `the checkpoint is of a container whose cgroup was ${record.cgroup}, this one's is ${cgroup}`,
    path: directory,
    hint: `create the container with cgroup: ${JSON.stringify(record.cgroup)}`,
  });
}

function readRecord(directory: string): CheckpointRecord {
  const problem = (message: string, cause?: unknown): NsError =>
    new NsError('ERR_NS_NOT_FOUND', {
      operation: 'restore',
      message,
      path: directory,
      hint: 'name the directory that a checkpoint was written to by this driver',
      cause,
    });
  try {
    const record = JSON.parse(readFileSync(join(directory, FILE), 'utf8')) as Partial<CheckpointRecord>;
    if (record.version === 1 && typeof record.cgroup === 'string')
      return { version: 1, cgroup: record.cgroup };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw problem(`${directory} is no checkpoint`, error);
    throw problem(`${join(directory, FILE)} cannot be read`, error);
  }
  throw problem(`${directory} is no checkpoint that this version knows`);
}

/**
 * What a container has that cannot be written down; undefined when there is nothing.
 *
 * @remarks
 * A terminal's other end is outside; users of a namespace of their own are not known to criu here.
 */
export function obstacleIn({ process, linux }: OciConfig): string | undefined {
  if (process.terminal) return 'a terminal';
  if (linux.namespaces.some(({ type }) => type === 'user')) return 'users of its own';
  if (linux.namespaces.some(({ type, path }) => type === 'pid' && path === undefined)) return undefined;
  return 'no pid namespace of its own';
}

/** Options of runc: the network is made anew. */
export const networkOptions = ({ linux }: OciConfig): string[] =>
  hasOwnNetwork(linux) ? ['--empty-ns', 'network'] : [];

/** True when it has a net namespace that nobody else has. */
export const hasOwnNetwork = ({ namespaces }: OciConfig['linux']): boolean =>
  namespaces.some(({ type, path }) => type === 'network' && path === undefined);
