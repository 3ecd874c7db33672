import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { isErrno, NsError } from '@ns/errors';

import type { Hook } from '../plan.js';
import { openOwnCgroup } from './own-cgroup.js';

/** Where a container is in its life. */
export type Status = 'creating' | 'created' | 'running' | 'paused' | 'stopped';

/** A step that can fail after `create` has ended, by its address in the program. */
export interface LateStep {
  readonly address: number;
  readonly what: string;
  readonly object?: string | undefined;
  readonly hints?: Readonly<Record<string, string>> | undefined;
  readonly tag?: string | undefined;
}

/** `state.json`: the names are runc's where it has the same. */
export interface StateRecord {
  readonly version: 1;
  readonly id: string;
  readonly ociVersion: string;
  readonly bundle: string;
  readonly rootfs: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly created: string;
  readonly owner: string;
  readonly rootless: boolean;
  /** The first process; 0 before there is one. */
  readonly init_process_pid: number;
  /** When it was started, in clock ticks after boot: tells it from a later process of the same number. */
  readonly init_process_start: number;
  /** `create` has not come to its end. */
  readonly creating: boolean;
  /** Below the mount points of the hierarchies; absent when it has none. */
  readonly cgroup_path?: string | undefined;
  /** Its unit, when systemd has made the cgroup. */
  readonly systemd_unit?: string | undefined;
  /** Its directory by controller. */
  readonly cgroup_paths: Readonly<Record<string, string>>;
  /** By runc's names: `NEWNET`. */
  readonly namespace_paths: Readonly<Record<string, string>>;
  /** The pid namespace is its own: the end of the first process is that of all. */
  readonly own_pids: boolean;
  readonly terminal: boolean;
  /** With `--no-new-keyring`: what joins later keeps its caller's session keyring as well. */
  readonly no_new_keyring: boolean;
  /** Absent: there is nothing to start. */
  readonly command?: string | undefined;
  readonly hooks: { readonly poststart: readonly Hook[]; readonly poststop: readonly Hook[] };
  readonly late_steps: readonly LateStep[];
}

/** Files of a state directory. */
export const FILES = {
  state: 'state.json',
  /** The configuration as it was, for `exec`. */
  config: 'config.json',
  /** The first process reads from it until `start` writes to it; gone afterwards. */
  start: 'exec.fifo',
  /** The first process writes to it which step failed, and has it closed by execve(2). */
  status: 'status.fifo',
} as const;

/** True for what can be a container's id: a name that stays in its directory. */
export const isContainerId = (id: string): boolean =>
  /^[A-Za-z0-9_+.-]{1,1024}$/.test(id) && id !== '.' && id !== '..' && Buffer.byteLength(id) <= 255;

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` */
export function checkContainerId(id: string): void {
  if (isContainerId(id)) return;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'container id',
    message: `${JSON.stringify(id)} is no container id`,
    hint: 'letters, digits, "_", "+", "-" and ".", and at most 255 of them',
  });
}

/** The directory of a container's state. */
export const directoryOf = (root: string, id: string): string => join(root, id);

/**
 * Claim an id by making its directory.
 *
 * @throws {@link NsError} `ERR_NS_CONFLICT` when it is taken.
 */
export function claim(root: string, id: string): string {
  checkContainerId(id);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const directory = directoryOf(root, id);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    throw new NsError('ERR_NS_CONFLICT', {
      operation: 'create',
      message: `container with given ID already exists: ${id}`,
      hint: `ns-oci delete ${id} removes one that has ended`,
    });
  }
  return directory;
}

/** Whether whoever started us wants to hear that the container is ready: see sd_notify(3). */
export const hasServiceManager = (): boolean => (process.env['NOTIFY_SOCKET'] ?? '') !== '';

/** Write a record in one piece. */
export function writeState(directory: string, record: StateRecord): void {
  const temporary = join(directory, `${FILES.state}.tmp`);
  writeFileSync(temporary, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(temporary, join(directory, FILES.state));
}

/** Remove all that is known of a container. */
export function removeState(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/**
 * The record of a container.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND`, `ERR_NS_CORRUPT`
 */
export function readState(root: string, id: string): StateRecord {
  checkContainerId(id);
  const path = join(directoryOf(root, id), FILES.state);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: 'container',
      message: `container does not exist: ${id}`,
      path: root,
      hint: 'ns-oci list shows those of this root (--root)',
    });
  }
  try {
    return JSON.parse(text) as StateRecord;
  } catch (cause) {
    throw new NsError('ERR_NS_CORRUPT', {
      operation: 'container',
      message: `the state of ${id} is no JSON`,
      path,
      hint: `ns-oci delete --force ${id} removes it`,
      cause,
    });
  }
}

/** The ids that have state. */
export function listIds(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, FILES.state)))
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** When a process was started, in clock ticks after boot; undefined when it has ended. See proc(5), `/proc/PID/stat`. */
export function startOf(pid: number): number | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
  // What is in parentheses is the process's own choice.
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : Number(fields[18]);
}

/** Whether the first process of a container is there. */
export const isAlive = (record: StateRecord): boolean =>
  record.init_process_pid > 0 && startOf(record.init_process_pid) === record.init_process_start;

/** Where a container is in its life, by what the kernel says. */
export function statusOf(root: string, record: StateRecord): Status {
  if (record.creating && record.init_process_pid === 0) return 'creating';
  if (!isAlive(record)) return 'stopped';
  if (record.creating) return 'creating';
  // One that was paused before its start is paused: a start would wait for it.
  if (openOwnCgroup(record.cgroup_path)?.isFrozen === true) return 'paused';
  return existsSync(join(directoryOf(root, record.id), FILES.start)) ? 'created' : 'running';
}

/** The state of the OCI specification, as hooks get it and `state` prints it. */
export interface OciState {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: Status;
  readonly pid?: number | undefined;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** @param pid - As the reader's pid namespace has it. */
export const ociState = (
  record: StateRecord,
  status: Status,
  pid: number = record.init_process_pid,
): OciState => ({
  ociVersion: record.ociVersion,
  id: record.id,
  status,
  ...(status === 'stopped' ? {} : { pid }),
  bundle: record.bundle,
  ...(Object.keys(record.annotations).length === 0 ? {} : { annotations: record.annotations }),
});

/** The name of whoever calls; their number when they have no name. */
export function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? 0);
  }
}
