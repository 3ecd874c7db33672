import { NsError } from '@ns/errors';
import type { DriverSettings } from '@ns/execdriver';

const DEFAULT_PROGRAM = '/usr/bin/systemd-nspawn';

/**
 * The program that the driver's settings name: `path`, an absolute path.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a setting that there is not, and for a path that is not absolute.
 */
export function programOf(settings: DriverSettings): string {
  const unknown = Object.keys(settings).find((name) => name !== 'path');
  if (unknown !== undefined) {
    throw invalid(`no setting ${JSON.stringify(unknown)}`, 'the only setting is path');
  }
  const { path = DEFAULT_PROGRAM } = settings;
  if (path.startsWith('/') && !path.includes('\0')) return path;
  throw invalid(`path ${JSON.stringify(path)} is not absolute`, `give the whole path: ${DEFAULT_PROGRAM}`);
}

const invalid = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'driver systemd-nspawn', message, hint });
