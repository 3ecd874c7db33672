import { NsError } from '@ns/errors';
import type { DriverSettings } from '@ns/execdriver';

/** What the driver's settings say, with what holds without them. */
export interface Settings {
  /** The emulator: `/usr/bin/qemu-system-x86_64`. */
  readonly path: string;
  /** A kernel image. Default: the newest of Debian's in `/boot`. */
  readonly kernel: string | undefined;
  /** Its modules: `/lib/modules/RELEASE`. Default: those of the kernel's release. */
  readonly modules: string | undefined;
  /** Memory of a virtual machine, in MiB. */
  readonly memoryMiB: number;
  /** How many processors a virtual machine has. */
  readonly cpus: number;
  /** `auto` is KVM where a trial shows that it works. */
  readonly accelerator: 'auto' | 'kvm' | 'tcg';
  /** `auto` is virtiofs with emulators that cannot make fifos and sockets by 9p, and bring what it takes. */
  readonly files: 'auto' | '9p' | 'virtiofs';
}

/**
 * Read the driver's settings: `path`, `kernel`, `modules`, `memory` (MiB), `cpus`, `accelerator`, `files`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a setting that there is not, or a value that cannot be.
 */
export function readSettings(settings: DriverSettings = {}): Settings {
  const unknown = Object.keys(settings).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw invalid(`no setting ${JSON.stringify(unknown)}`, `the settings are ${NAMES.join(', ')}`);
  }
  return {
    path: absolute('path', settings['path'] ?? '/usr/bin/qemu-system-x86_64'),
    kernel: settings['kernel'] === undefined ? undefined : absolute('kernel', settings['kernel']),
    modules: settings['modules'] === undefined ? undefined : absolute('modules', settings['modules']),
    memoryMiB: number('memory', settings['memory'] ?? '1024', 128, 1_048_576),
    cpus: number('cpus', settings['cpus'] ?? '2', 1, 255),
    accelerator: oneOf('accelerator', settings['accelerator'] ?? 'auto', ['auto', 'kvm', 'tcg']),
    files: oneOf('files', settings['files'] ?? 'auto', ['auto', '9p', 'virtiofs']),
  };
}

const NAMES: readonly string[] = ['path', 'kernel', 'modules', 'memory', 'cpus', 'accelerator', 'files'];

function absolute(name: string, path: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return path;
  throw invalid(`${name} ${JSON.stringify(path)} is not an absolute path`, 'give the whole path');
}

function number(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw invalid(
    `${name} ${JSON.stringify(text)} is not a number from ${least} to ${most}`,
    `leave ${name} out, or correct it`,
  );
}

function oneOf<T extends string>(name: string, text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw invalid(
    `${name} ${JSON.stringify(text)} is none of ${words.join(', ')}`,
    'leave it out, or correct it',
  );
}

const invalid = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'driver qemu', message, hint });
