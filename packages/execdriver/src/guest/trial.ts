import { call, compile, cstr } from '@ns/syscall';

import { powerOff } from './boot.js';
import { cpio } from './cpio.js';

/** What {@link trialSystem} prints on the kernel's console. */
export const TRIAL_SAYS = 'ns: the kernel runs programs';

/** An initial ramdisk whose first process says that it runs, and ends the machine: to find out whether a machine works at all. */
export function trialSystem(): Buffer {
  const line = `${TRIAL_SAYS}\n`;
  const { elf } = compile({
    title: 'say that it runs',
    statusFd: 2,
    failureStatus: 1,
    steps: [call('write', [1, cstr(line), line.length], { what: 'say that it runs' }), ...powerOff()],
  });
  return cpio([
    { path: 'init', mode: 0o100755, content: elf },
    { path: 'dev/console', mode: 0o020600, device: [5, 1] },
  ]);
}
