import { NsError } from '@ns/errors';
import type { DriverSettings } from '@ns/execdriver';

/** What the driver's settings say, with what holds without them. */
export interface Settings {
  /** The kernel, which is a program: `/usr/bin/linux.uml`. */
  readonly path: string;
  /** Memory of a container's kernel, in MiB. */
  readonly memoryMiB: number;
}

const NAMES: readonly string[] = ['path', 'memory'];
const LEAST_MIB = 64;
const MOST_MIB = 1_048_576;

/**
 * Read the driver's settings: `path`, `memory` (MiB).
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a setting that there is not, or a value that cannot be.
 */
export function readSettings(settings: DriverSettings = {}): Settings {
  const unknown = Object.keys(settings).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw invalid(`no setting ${JSON.stringify(unknown)}`, `the settings are ${NAMES.join(', ')}`);
  }
  const { path = '/usr/bin/linux.uml', memory = '512' } = settings;
  if (!path.startsWith('/') || path.includes('\0')) {
    throw invalid(`path ${JSON.stringify(path)} is not absolute`, 'give the whole path: /usr/bin/linux.uml');
  }
  const memoryMiB = /^\d{1,9}$/.test(memory) ? Number(memory) : NaN;
  if (!(memoryMiB >= LEAST_MIB && memoryMiB <= MOST_MIB)) {
    throw invalid(
      `memory ${JSON.stringify(memory)} is not a number of MiB from ${LEAST_MIB} to ${MOST_MIB}`,
      'leave memory out, or correct it',
    );
  }
  return { path, memoryMiB };
}

const invalid = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'driver uml', message, hint });
