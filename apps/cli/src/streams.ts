const noop = (): void => undefined;

/** Resolves when everything that was written has been handed to the system. */
export async function flush(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}

/**
 * What every program does whose reader has gone: end by SIGPIPE, quietly. Node ignores that signal; to have had a
 * listener puts the system's own behaviour back.
 */
export function dieOfBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.on('SIGPIPE', noop);
  process.off('SIGPIPE', noop);
  process.kill(process.pid, 'SIGPIPE');
}
