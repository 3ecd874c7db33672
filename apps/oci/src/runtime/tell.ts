import { renameSync, writeFileSync } from 'node:fs';

import { pidfdOpen } from '@ns/syscall';

import type { CreateOptions } from './options.js';
import { sendTo } from './unix-socket.js';

/** Tell whoever asked which process it is. */
export function tellPid(
  { pidFile, pidfdSocket }: Pick<CreateOptions, 'pidFile' | 'pidfdSocket'>,
  pid: number,
): void {
  if (pidfdSocket !== undefined) {
    using pidfd = pidfdOpen(pid);
    sendTo(pidfdSocket, 'pidfd-socket', 'pidfd', pidfd.fd);
  }
  if (pidFile !== undefined) writePidFile(pidFile, pid);
}

/** Written in one piece: who waits for it finds the number, or nothing. */
function writePidFile(path: string, pid: number): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, String(pid));
  renameSync(temporary, path);
}
