import { F, O } from '../uapi/fcntl.js';
import { OwnedFd, setNonblocking } from './fd.js';
import { syscall } from './native.js';

/** The two ends of a pipe. Disposing closes those that were not given away. */
export interface Pipe extends Disposable {
  readonly read: OwnedFd;
  readonly write: OwnedFd;
}

/**
 * Create a pipe, both ends close-on-exec. See pipe2(2).
 *
 * @param options - `nonblocking`: the end that this process keeps and polls. The other end stays blocking, as
 * programs expect of the descriptors they inherit.
 */
export function pipe(options: { readonly nonblocking?: 'read' | 'write' | undefined } = {}): Pipe {
  const ends = Buffer.alloc(8);
  syscall('create a pipe', 'pipe2', ends, O.O_CLOEXEC);
  const read = new OwnedFd(ends.readInt32LE(0));
  const write = new OwnedFd(ends.readInt32LE(4));
  if (options.nonblocking !== undefined) setNonblocking({ read, write }[options.nonblocking].fd, true);
  return {
    read,
    write,
    [Symbol.dispose]() {
      read.close();
      write.close();
    },
  };
}

/**
 * Change how much a pipe holds before writers block. See fcntl(2), `F_SETPIPE_SZ`.
 *
 * @param bytes - At least this much; 65536 is the default.
 * @returns What it holds now: rounded up to a power of two of pages.
 * @throws SyscallError EPERM above `/proc/sys/fs/pipe-max-size` without CAP_SYS_RESOURCE; EBUSY when it holds more
 * than that already.
 */
export function setPipeSize(fd: number, bytes: number): number {
  return syscall(`set the size of pipe ${fd} to ${bytes}`, 'fcntl', fd, F.F_SETPIPE_SZ, bytes);
}
