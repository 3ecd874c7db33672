import { ReadStream } from 'node:tty';

import { dupAtLeast, ERRNO, failsWith, getWindowSize, setWindowSize, type OwnedFd } from '@ns/syscall';

/**
 * Connect a container's terminal with ours.
 *
 * @param master - Owned.
 * @returns What is done at the end: the rest is written, and our terminal is as it was.
 */
export function connectTerminal(master: OwnedFd): () => Promise<void> {
  const control = dupAtLeast(master.fd);
  const terminal = new ReadStream(master.take());
  const { stdin, stdout } = process;
  const resize = (): void => {
    if (stdout.isTTY) failsWith([ERRNO.EIO], () => setWindowSize(control.fd, getWindowSize(1)));
  };
  resize();
  process.on('SIGWINCH', resize);
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.pipe(terminal);
  const drained = new Promise<void>((resolve) => {
    terminal.on('close', () => resolve());
    // EIO: the last process has closed the terminal.
    terminal.on('error', () => resolve());
  });
  terminal.pipe(stdout, { end: false });
  return async () => {
    await drained;
    process.off('SIGWINCH', resize);
    stdin.unpipe(terminal);
    stdin.pause();
    if (stdin.isTTY) stdin.setRawMode(false);
    // A file has nothing that keeps us.
    if ('unref' in stdin) stdin.unref();
    terminal.destroy();
    control.close();
  };
}
