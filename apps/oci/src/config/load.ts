import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { isErrno, NsError } from '@ns/errors';

import type { ContainerPlan } from '../plan.js';
import { checkHost } from './host.js';
import { MAX_CONFIG_BYTES, parseJson } from './json.js';
import { planContainer, type PlanOptions } from './plan-container.js';
import { findRoot } from './root.js';
import { checkConfig } from './schema/config.js';

/**
 * Read a bundle: its `config.json`, checked and translated.
 *
 * @param bundle - The directory; relative ones are below the working directory.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when there is no bundle or no configuration in it,
 * `ERR_NS_INVALID_ARGUMENT` and `ERR_NS_UNSUPPORTED`, which name the field.
 */
export function loadBundle(bundle: string, options: Omit<PlanOptions, 'bundle' | 'root'>): ContainerPlan {
  let directory: string;
  try {
    directory = realpathSync(resolve(bundle));
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: 'bundle',
      message: `there is no directory ${bundle}`,
      hint: 'name it with --bundle',
      path: bundle,
    });
  }
  const config = checkConfig(
    parseJson('config.json', readJsonFile(join(directory, 'config.json'), 'config.json')),
  );
  const root = findRoot(config.root.path, directory);
  const plan = planContainer(config, { ...options, bundle: directory, root });
  checkHost(plan);
  return plan;
}

/**
 * Read a file that a caller names, when it is one: a fifo would be waited for, a device has no end.
 *
 * @param subject - What it is, for errors.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND`, `ERR_NS_INVALID_ARGUMENT`
 */
export function readJsonFile(path: string, subject: string): Uint8Array {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: subject,
      message: `there is no ${path}`,
      hint: subject === 'config.json' ? 'ns-oci spec makes one to begin with' : undefined,
      path,
    });
  }
  try {
    const status = fstatSync(fd);
    const wrong = (message: string): NsError =>
      new NsError('ERR_NS_INVALID_ARGUMENT', { operation: subject, message: `${path} ${message}`, path });
    if (!status.isFile()) throw wrong('is no file');
    if (status.size > MAX_CONFIG_BYTES) {
      throw wrong(`has ${status.size} bytes, where at most ${MAX_CONFIG_BYTES} are read`);
    }
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
