import { existsSync } from 'node:fs';

import { NsError } from '@ns/errors';
import { EXPORT, FILE_SERVER, type FileServer } from '@ns/execdriver/guest';

import type { Settings } from './settings.js';

/** The one that QEMU itself had up to release 7.2, which is Debian 12's. */
const VIRTIOFSD = '/usr/lib/qemu/virtiofsd';

/**
 * What serves the container's files to the guest; undefined when the emulator itself does, by 9p.
 *
 * @remarks
 * QEMU makes a fifo or a socket, and opens it by its path alone to set its mode: from the correction of CVE-2023-2861 on it
 * took that for an attack, and removed it again (ENXIO). That was corrected in December 2024, for QEMU 10. Debian's 7.2 still
 * does it, but has a virtiofsd of its own, which later releases lack.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when the setting asks for a server that there is not.
 */
export function fileServer(wanted: Settings['files'], path: string = VIRTIOFSD): FileServer | undefined {
  if (wanted === '9p') return undefined;
  if (existsSync(path)) return { file: path, args: virtiofsdArguments() };
  if (wanted === 'auto') return undefined;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'driver qemu',
    message: `${path} does not exist`,
    path,
    hint: 'leave the setting files out, or use the QEMU of Debian 12',
  });
}

/**
 * The arguments of virtiofsd. The guest keeps what it has read, and asks each time whether it is what it was: what other
 * programs of the host change is seen at once. Locks are the guest's own. Its own jail is a root directory within ours, which
 * it is in already.
 */
export const virtiofsdArguments = (): string[] => [
  'virtiofsd',
  '-f',
  `--fd=${FILE_SERVER.fd}`,
  '--rlimit-nofile=0',
  ...[
    `source=${EXPORT}`,
    'sandbox=chroot',
    'cache=always',
    'timeout=0',
    'xattr',
    'announce_submounts',
    'log_level=warn',
  ].flatMap((option) => ['-o', option]),
];
