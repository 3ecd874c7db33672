import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

import { isErrno, nearest, NsError } from '@ns/errors';

import { readAt } from './kind.js';
import { allOptions, type Given, type Key, OPTIONS } from './table.js';
import { isObject } from './ulimits.js';

/** No configuration is longer. */
const MAX_BYTES = 1024 * 1024;
const OTHERS_MAY_WRITE = 0o022;
/** Major 1, minor 3 of null(4). */
const DEV_NULL = 0x103;

/**
 * Read a configuration file.
 *
 * @param isNamed - It was asked for: that it does not exist is an error.
 * @returns What it has, by key; nothing when there is no file, an empty one, or it is `/dev/null`.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND`, `ERR_NS_INVALID_ARGUMENT`.
 */
export function readConfigFile(path: string, isNamed: boolean): Given {
  const bytes = trustedBytes(path, isNamed);
  return bytes === undefined ? {} : parseConfig(bytes, path);
}

/** The file names code that is loaded with the daemon's rights: nobody else may have written it. */
function trustedBytes(path: string, isNamed: boolean): Buffer | undefined {
  let fd: number;
  try {
    // A pipe without a writer must not hold the daemon up.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (cause) {
    if (!isNamed && isErrno(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: `configuration file ${path}`,
      message: `cannot be read: ${(cause as Error).message}`,
      path,
      hint: 'Name a file that exists, or leave --config-file out.',
      cause,
    });
  }
  try {
    const { mode, uid, size, rdev } = fstatSync(fd);
    // Who wants no file says so by this one.
    if ((mode & constants.S_IFMT) === constants.S_IFCHR && rdev === DEV_NULL) return undefined;
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw refused(path, 'is not a file');
    if (uid !== 0 && uid !== process.geteuid?.()) {
      throw refused(
        path,
        `belongs to user ${uid}`,
        `It names code that is loaded as root: chown root ${path}`,
      );
    }
    if ((mode & OTHERS_MAY_WRITE) !== 0) {
      const octal = (mode & 0o7777).toString(8).padStart(4, '0');
      throw refused(
        path,
        `can be written by others than its owner: its mode is ${octal}`,
        `It names code that is loaded as root: chmod go-w ${path}`,
      );
    }
    if (size > MAX_BYTES) throw refused(path, `is longer than ${MAX_BYTES} bytes`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * What a configuration file says. Pure.
 *
 * @param path - For messages.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the key.
 */
export function parseConfig(bytes: Uint8Array, path: string): Given {
  const json = parseJson(bytes, path);
  if (json === undefined) return {};
  if (!isObject(json)) throw refused(path, 'does not have an object, as in {"debug": true}');
  const unknown = Object.keys(json).filter((key) => !Object.hasOwn(OPTIONS, key));
  if (unknown.length > 0) {
    // Docker's words.
    const fact = `the following directives don't match any configuration option: ${unknown.join(', ')}`;
    throw refused(path, fact, hintFor(unknown));
  }
  const given: Partial<Record<Key, unknown>> = {};
  for (const [key, { kind }] of allOptions()) {
    if (!Object.hasOwn(json, key)) continue;
    const value = readAt(`configuration file ${path}: ${key}`, () => kind.ofFile(json[key]));
    if (value !== undefined) given[key] = value;
  }
  return given as Given;
}

function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.trim() === '' ? undefined : (JSON.parse(text) as unknown);
  } catch (cause) {
    throw refused(path, `is not JSON: ${(cause as Error).message}`, undefined, cause);
  }
}

function hintFor(unknown: readonly string[]): string {
  const keys = Object.keys(OPTIONS);
  const meant = unknown.flatMap((key) => {
    const found = byFlag(key) ?? nearest(key, keys);
    return found === undefined ? [] : [`${key}: did you mean ${found}?`];
  });
  return meant.length > 0 ? meant.join(' ') : `There are ${keys.join(', ')}.`;
}

/** Some keys are not their flags' names: `add-runtime` is `runtimes`. */
const byFlag = (key: string): string | undefined =>
  allOptions().find(([, { flags }]) => flags.split(/[ ,]+/).includes(`--${key}`))?.[0];

const refused = (path: string, fact: string, hint?: string, cause?: unknown): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: `configuration file ${path}`,
    message: fact,
    path,
    hint,
    cause,
  });
