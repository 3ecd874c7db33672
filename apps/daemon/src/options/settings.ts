import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { NsError } from '@ns/errors';

import { allOptions, flagOf, type Given, type Key, OPTIONS, type Values } from './table.js';

/** All options, with where they come from. */
export interface Settings {
  readonly values: Values;
  readonly given: ReadonlySet<Key>;
  /** How the user knows an option: by its flag, unless the file says it. For messages. */
  readonly where: (key: Key) => string;
  /** The directories that a package which it names may be installed for: that of the file, that of the command line. */
  readonly nearby: (key: Key) => readonly string[];
}

/**
 * Join what the command line and the configuration file say. Pure.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for what both say, in Docker's words.
 */
export function join(flags: Given, file: Given, path: string): Settings {
  const values: Partial<Record<Key, unknown>> = {};
  const conflicts: string[] = [];
  for (const [key, option] of allOptions()) {
    const [ofFlag, ofFile] = [flags[key], file[key]] as const;
    values[key] = ofFlag ?? ofFile ?? option.default;
    if (ofFlag === undefined || ofFile === undefined) continue;
    const { merge, kind } = option;
    if (merge !== undefined) values[key] = merge(ofFlag, ofFile);
    else conflicts.push(`${key}: (from flag: ${kind.show(ofFlag)}, from file: ${kind.show(ofFile)})`);
  }
  if (conflicts.length > 0) {
    const fact = `the following directives are specified both as a flag and in the configuration file: ${conflicts.join(', ')}`;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: `configuration file ${path}`,
      message: fact,
      path,
      hint: 'Leave them out of one of the two.',
    });
  }
  return {
    values: values as unknown as Values,
    given: new Set([...Object.keys(flags), ...Object.keys(file)] as Key[]),
    where: (key) =>
      flags[key] === undefined && file[key] !== undefined
        ? `configuration file ${path}: ${key}`
        : flagOf(OPTIONS[key]),
    // Where a daemon happens to be started is no place to load code from, unless its starter says what.
    nearby: (key) => [
      ...(file[key] === undefined ? [] : [dirname(path)]),
      ...(flags[key] === undefined ? [] : [process.cwd()]),
    ],
  };
}

/** The keys that have changed, of options that a daemon which runs does not change. */
export function waitingFor(before: Settings, after: Settings): Key[] {
  return allOptions()
    .filter(
      ([key, { reloads }]) => reloads !== true && !isDeepStrictEqual(before.values[key], after.values[key]),
    )
    .map(([key]) => key);
}
