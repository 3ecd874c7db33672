import { O, openat2, OwnedFd, setWindowSize, syscall, TIO } from '@ns/syscall';

import type { ProcessSpec, WindowSize } from '../contract.js';
import { DESCRIPTOR } from '../native/descriptors.js';
import { prepareEnds, type PreparedEnds } from '../native/ends.js';

/**
 * As {@link prepareEnds}, but a terminal is one of the host's: the command gets it, the monitor holds its master.
 *
 * @param makesTerminal - The command makes it itself.
 */
export function commandEnds(process: ProcessSpec, hold: boolean, makesTerminal: boolean): PreparedEnds {
  return process.terminal === undefined || makesTerminal
    ? prepareEnds(process, hold)
    : hostTerminal(process.terminal);
}

/** See pty(7). The slave is opened from the master, not by a name that could mean something else. */
function hostTerminal(size: WindowSize): PreparedEnds {
  const master = openat2('/dev/ptmx', { flags: O.O_RDWR | O.O_NOCTTY });
  try {
    syscall('unlock the terminal', 'ioctl', master.fd, TIO.TIOCSPTLCK, Buffer.alloc(4));
    const flags = O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC;
    const slave = new OwnedFd(syscall('open the terminal', 'ioctl', master.fd, TIO.TIOCGPTPEER, flags));
    setWindowSize(master.fd, size);
    return {
      ours: { master },
      console: undefined,
      fds: {
        [DESCRIPTOR.stdin]: slave.fd,
        [DESCRIPTOR.stdout]: slave.fd,
        [DESCRIPTOR.stderr]: slave.fd,
        [DESCRIPTOR.master]: master.fd,
      },
      [Symbol.dispose]: () => slave.close(),
    };
  } catch (error) {
    master.close();
    throw error;
  }
}
