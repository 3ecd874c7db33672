import { TIO } from '../uapi/ioctls.js';
import { syscall } from './native.js';

/** Size of a terminal, in characters. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The size of a terminal, given either of its ends. See ioctl_tty(2), `TIOCGWINSZ`.
 *
 * @throws SyscallError ENOTTY for a descriptor that is no terminal.
 */
export function getWindowSize(fd: number): WindowSize {
  const buffer = Buffer.alloc(8);
  syscall(`get the window size of terminal ${fd}`, 'ioctl', fd, TIO.TIOCGWINSZ, buffer);
  return { rows: buffer.readUInt16LE(0), columns: buffer.readUInt16LE(2) };
}

/**
 * Set the size of a terminal, given either of its ends. See ioctl_tty(2), `TIOCSWINSZ`.
 *
 * @remarks
 * The kernel sends SIGWINCH to the foreground process group when the size changes.
 *
 * @throws SyscallError ENOTTY for a descriptor that is no terminal.
 * @throws RangeError for a size that is not from 0 to 65535.
 */
export function setWindowSize(fd: number, size: WindowSize): void {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt16LE(size.rows, 0);
  buffer.writeUInt16LE(size.columns, 2);
  syscall(`set the window size of terminal ${fd}`, 'ioctl', fd, TIO.TIOCSWINSZ, buffer);
}
