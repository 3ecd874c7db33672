import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

import { NsError } from '@ns/errors';
import type { DriverSettings } from '@ns/execdriver';

/**
 * How a runtime has to be spoken to. `runc` is everybody's command line, and what an unknown runtime is taken for; `crun`
 * gives up on hybrid cgroups; `runsc` (gVisor) runs programs on a kernel of its own.
 */
export type Dialect = 'runc' | 'crun' | 'runsc';

/** An OCI runtime of this machine. */
export interface Runtime {
  /** Absolute. */
  readonly path: string;
  /** `crun`: how messages call it. */
  readonly name: string;
  readonly dialect: Dialect;
  /** How runsc catches system calls: `ptrace`, which works everywhere, `kvm`, or what newer ones have. */
  readonly platform: string;
}

/** What can be set. */
const KNOWN: readonly string[] = ['path', 'dialect', 'platform'];
const DIALECTS: readonly Dialect[] = ['runc', 'crun', 'runsc'];

/** What is looked for when no path is set, best known first. */
const DEFAULTS = ['runc', 'crun'];
const FOLDERS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The runtime that the settings name, or the first one found of runc and crun; undefined when there is none.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for settings that are none, `ERR_NS_NOT_FOUND` for a path that is no
 * executable file.
 */
export function findRuntime(settings: DriverSettings = {}): Runtime | undefined {
  for (const key of Object.keys(settings)) {
    if (!KNOWN.includes(key))
      throw invalid(`no setting ${JSON.stringify(key)}`, `known are ${KNOWN.join(', ')}`);
  }
  const { path = lookUp(), dialect, platform = 'ptrace' } = settings;
  if (path === undefined) return undefined;
  if (!path.startsWith('/') || path.includes('\0')) {
    throw invalid(`the path ${JSON.stringify(path)} is not absolute`, 'name the runtime’s file in full');
  }
  if (dialect !== undefined && !DIALECTS.includes(dialect as Dialect)) {
    throw invalid(`no dialect ${JSON.stringify(dialect)}`, `known are ${DIALECTS.join(', ')}`);
  }
  if (!/^[a-z0-9]+$/.test(platform)) {
    throw invalid(`no platform ${JSON.stringify(platform)}`, 'use ptrace or kvm');
  }
  if (!isExecutable(path)) {
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: 'oci',
      message: `${path} is no executable file`,
      path,
      hint: 'install the runtime, or set another path',
    });
  }
  return { path, name: basename(path), dialect: (dialect as Dialect) ?? dialectOf(path), platform };
}

/** By its name, and by that of the file that it is a link to. */
export function dialectOf(path: string, target: string = realpathSync(path)): Dialect {
  const names = [basename(path), basename(target)];
  return DIALECTS.find((dialect) => names.includes(dialect)) ?? 'runc';
}

function lookUp(): string | undefined {
  const folders = [FOLDERS, process.env['PATH'] ?? ''].join(delimiter).split(delimiter);
  return DEFAULTS.flatMap((name) =>
    folders.filter((folder) => folder.startsWith('/')).map((folder) => join(folder, name)),
  ).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The error of everything that takes a runtime, where there is none. */
export const noRuntime = (): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'oci',
    message: 'neither runc nor crun is installed',
    hint: 'apt-get install runc, or set the path of another OCI runtime',
  });

const invalid = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'oci', message, hint });
