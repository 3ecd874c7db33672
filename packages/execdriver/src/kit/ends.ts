import { createMount, MOUNT_ATTR, O, openat2, OwnedFd, setWindowSize, syscall, TIO } from '@ns/syscall';

import type { ProcessSpec, WindowSize } from '../contract.js';
import { DESCRIPTOR } from '../native/descriptors.js';
import { prepareEnds, type PreparedEnds } from '../native/ends.js';
import type { HostCommand } from './command.js';

/** The descriptors of a command. */
export interface CommandEnds extends PreparedEnds {
  /** See {@link HostCommand.devpts}. */
  readonly devpts?: OwnedFd | undefined;
}

/** As {@link prepareEnds}, but a terminal is one of the host's: the command gets it, the monitor holds its master. */
export function commandEnds(
  process: ProcessSpec,
  hold: boolean,
  { console, devpts }: Pick<HostCommand, 'console' | 'devpts'>,
): CommandEnds {
  return process.terminal === undefined || console !== undefined
    ? prepareEnds(process, hold)
    : hostTerminal(process.terminal, devpts === undefined ? undefined : makeDevpts());
}

/** As containers have it. See devpts of the kernel's documentation. */
const makeDevpts = (): OwnedFd =>
  createMount(
    'devpts',
    { ptmxmode: '0666', mode: '0620', gid: '5' },
    MOUNT_ATTR.MOUNT_ATTR_NOSUID | MOUNT_ATTR.MOUNT_ATTR_NOEXEC,
  );

/** See pty(7). The slave is opened from the master, not by a name that could mean something else. */
function hostTerminal(size: WindowSize, devpts: OwnedFd | undefined): CommandEnds {
  const master = openMaster(devpts);
  try {
    syscall('unlock the terminal', 'ioctl', master.fd, TIO.TIOCSPTLCK, Buffer.alloc(4));
    const flags = O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC;
    const slave = new OwnedFd(syscall('open the terminal', 'ioctl', master.fd, TIO.TIOCGPTPEER, flags));
    setWindowSize(master.fd, size);
    return {
      ours: { master },
      console: undefined,
      devpts,
      fds: {
        [DESCRIPTOR.stdin]: slave.fd,
        [DESCRIPTOR.stdout]: slave.fd,
        [DESCRIPTOR.stderr]: slave.fd,
        [DESCRIPTOR.master]: master.fd,
      },
      [Symbol.dispose]: () => (slave.close(), devpts?.close()),
    };
  } catch (error) {
    devpts?.close();
    master.close();
    throw error;
  }
}

function openMaster(devpts: OwnedFd | undefined): OwnedFd {
  const flags = O.O_RDWR | O.O_NOCTTY;
  if (devpts === undefined) return openat2('/dev/ptmx', { flags });
  try {
    return openat2('ptmx', { dirFd: devpts.fd, flags });
  } catch (error) {
    devpts.close();
    throw error;
  }
}
