import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';

import type { JailFile } from '@ns/execdriver/guest';

/** Where the kernel's image is in the jail. */
export const KERNEL = '/kernel';

/** What the emulator needs of the host: itself, its libraries and firmware, all read-only, and a kernel. */
export interface EmulatorFiles {
  readonly files: readonly JailFile[];
  readonly links: readonly (readonly [path: string, to: string])[];
}

/**
 * What is in the jail of the emulator: the programs of the host's packages, in `/usr`, and nothing of its data.
 *
 * @param kernel - The image on the host.
 */
export function emulatorFiles(emulator: string, kernel: string, isKvm: boolean): EmulatorFiles {
  const files: JailFile[] = [
    { source: '/usr', target: '/usr', kind: 'directory' },
    { source: kernel, target: KERNEL, kind: 'file' },
  ];
  const links: [string, string][] = [];
  for (const path of ['/lib', '/lib64', '/lib32', '/bin']) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() === true) links.push([path, readlinkSync(path)]);
    else if (stat?.isDirectory() === true) files.push({ source: path, target: path, kind: 'directory' });
  }
  // The way to libraries, where they are not in the usual places.
  const libraries = '/etc/ld.so.cache';
  if (existsSync(libraries)) files.push({ source: libraries, target: libraries, kind: 'file' });
  if (!emulator.startsWith('/usr/')) {
    const directory = dirname(emulator);
    files.push({ source: directory, target: directory, kind: 'directory' });
  }
  if (isKvm) files.push({ source: '/dev/kvm', target: '/dev/kvm', kind: 'file', isDevice: true });
  return { files, links };
}
