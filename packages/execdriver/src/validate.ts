import { changeProfileOnExec } from '@ns/apparmor';
import { parseCapability } from '@ns/caps';
import { validateResources } from '@ns/cgroups';
import { NsError } from '@ns/errors';
import { checkDockerProfile } from '@ns/seccomp';
import { RLIMIT } from '@ns/syscall';

import type { ContainerSpec, ProcessSpec, Rlimit, WindowSize } from './contract.js';

/** The kernel's limits for execve(2): one string, and all of them together. */
const MAX_STRING = 128 * 1024;
const MAX_STRINGS = 6 * 1024 * 1024;

/** True for what can be a container's id: as a file name, it is in its directory and not hidden. */
export const isContainerId = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(text);

/**
 * Refuse a container that no driver could run, before anything is created.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the field.
 */
export function validateSpec(spec: ContainerSpec): void {
  if (!isContainerId(spec.id)) {
    throw invalid(
      'id',
      `${JSON.stringify(spec.id)} is no container id`,
      'letters, digits, "_", "." and "-", at most 128, starting with a letter or digit',
    );
  }
  const { root } = spec;
  if (root.kind === 'directory') requireAbsolute('root.path', root.path);
  else {
    if (root.lower.length === 0) throw invalid('root.lower', 'an overlay needs a lower directory');
    for (const lower of root.lower) requireAbsolute('root.lower', lower);
    if ((root.upper === undefined) !== (root.work === undefined)) {
      throw invalid('root', 'an overlay has both an upper and a work directory, or neither');
    }
  }
  if (spec.shmSizeBytes !== undefined)
    requireInteger('shmSizeBytes', spec.shmSizeBytes, 0, Number.MAX_SAFE_INTEGER);
  if (spec.resources !== undefined) validateResources(spec.resources);
  if (spec.cgroup !== undefined) {
    requireAbsolute('cgroup', spec.cgroup);
    if (spec.cgroup === '/') throw invalid('cgroup', 'the root cgroup', 'name one below it');
  }
  for (const [key, value] of spec.driverConfig ?? []) validateSetting(key, value);
  validateProcess(spec.process);
}

/** Drivers write them into files of lines. */
function validateSetting(key: string, value: string): void {
  if (key === '') throw invalid('driverConfig', 'a setting without a name', 'say NAME=value');
  for (const text of [key, value]) {
    requireNoNul('driverConfig', text);
    if (/[\n\r]/.test(text)) {
      throw invalid(
        'driverConfig',
        `${JSON.stringify(text.slice(0, 60))} holds a line feed`,
        'give one setting for each',
      );
    }
  }
}

/** The same for a program run in a container that exists. */
export function validateProcess(process: ProcessSpec): void {
  if (process.args.length === 0 || process.args[0] === '') {
    throw invalid('process.args', 'no command', 'name the program to run');
  }
  let total = 0;
  for (const [name, list] of [
    ['args', process.args],
    ['env', process.env],
  ] as const) {
    for (const text of list) {
      requireNoNul(`process.${name}`, text);
      const size = Buffer.byteLength(text) + 1;
      total += size + 8;
      if (size > MAX_STRING) {
        throw invalid(
          `process.${name}`,
          `a string of ${size} bytes`,
          `the kernel takes at most ${MAX_STRING} bytes: pass the data in a file`,
        );
      }
    }
  }
  if (total > MAX_STRINGS) {
    throw invalid(
      'process.args',
      `arguments and environment of ${total} bytes`,
      `the kernel takes at most ${MAX_STRINGS} bytes: pass the data in a file`,
    );
  }
  for (const entry of process.env) {
    if (entry.indexOf('=') < 1) throw invalid('process.env', `${JSON.stringify(entry)} is not NAME=value`);
  }
  if (process.cwd !== undefined) requireAbsolute('process.cwd', process.cwd);
  if (process.terminal !== undefined) validateWindow(process.terminal);
  if (process.umask !== undefined) requireInteger('process.umask', process.umask, 0, 0o777);
  if (process.oomScoreAdj !== undefined)
    requireInteger('process.oomScoreAdj', process.oomScoreAdj, -1000, 1000);
  for (const name of process.capabilities ?? []) parseCapability(name);
  // Its name is checked where the steps are made.
  if (process.apparmor !== undefined) changeProfileOnExec({ profile: process.apparmor, proc: 0 });
  if (typeof process.seccomp === 'object') checkDockerProfile(process.seccomp);
  for (const limit of process.rlimits ?? []) validateRlimit(limit);
}

/** @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` unless both are 0 to 65535. */
export function validateWindow(size: WindowSize): void {
  requireInteger('rows', size.rows, 0, 0xffff);
  requireInteger('columns', size.columns, 0, 0xffff);
}

function validateRlimit(limit: Rlimit): void {
  if (!(`RLIMIT_${limit.name.toUpperCase()}` in RLIMIT)) {
    const known = Object.keys(RLIMIT).map((name) => name.slice('RLIMIT_'.length).toLowerCase());
    throw invalid(
      'process.rlimits',
      `unknown limit ${JSON.stringify(limit.name)}`,
      `known are ${known.join(', ')}`,
    );
  }
  for (const value of [limit.soft, limit.hard]) {
    if (value !== 'unlimited')
      requireInteger(`process.rlimits.${limit.name}`, value, 0, Number.MAX_SAFE_INTEGER);
  }
  if (limit.hard !== 'unlimited' && (limit.soft === 'unlimited' || limit.soft > limit.hard)) {
    throw invalid(
      'process.rlimits',
      `the soft limit ${limit.soft} of ${limit.name} is above the hard limit ${limit.hard}`,
    );
  }
}

function requireInteger(field: string, value: number, lowest: number, highest: number): void {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return;
  throw invalid(field, `${value} is out of range`, `an integer from ${lowest} to ${highest}`);
}

function requireAbsolute(field: string, path: string): void {
  requireNoNul(field, path);
  if (!path.startsWith('/')) throw invalid(field, `${JSON.stringify(path)} is not an absolute path`);
}

function requireNoNul(field: string, text: string): void {
  if (text.includes('\0')) throw invalid(field, `${JSON.stringify(text.slice(0, 60))} holds a NUL`);
}

function invalid(field: string, message: string, hint?: string): NsError {
  return new NsError('ERR_NS_INVALID_ARGUMENT', { operation: field, message, hint });
}
