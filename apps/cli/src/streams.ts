const open = new Set<NodeJS.WriteStream>();

/** Standard output. */
export const stdout = (): NodeJS.WriteStream => opened(process.stdout);

/** Standard error. */
export const stderr = (): NodeJS.WriteStream => opened(process.stderr);

function opened(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (!open.has(stream)) {
    open.add(stream);
    stream.on('error', dieOfBrokenPipe);
  }
  return stream;
}

/** Resolves when everything that was written has been handed to the system. */
export async function flushAll(): Promise<void> {
  await Promise.all([...open].map(flush));
}

async function flush(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}

/** What must be put right before this process dies of a broken pipe, when nothing else runs any more. */
export const lastActs: Set<() => void> = new Set();

const noop = (): void => undefined;

/**
 * What every program does whose reader has gone: end by SIGPIPE, quietly. Node ignores that signal; to have had a
 * listener puts the system's own behaviour back.
 */
function dieOfBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  for (const act of lastActs) act();
  process.on('SIGPIPE', noop);
  process.off('SIGPIPE', noop);
  process.kill(process.pid, 'SIGPIPE');
}
