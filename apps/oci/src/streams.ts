/** Only what is written to is opened, which takes Node some milliseconds. */
const opened = new Set<NodeJS.WriteStream>();

/** Write to standard output. */
export const writeOut = (text: string): void => write(process.stdout, text);

/** Write to standard error. */
export const writeError = (text: string): void => write(process.stderr, text);

function write(stream: NodeJS.WriteStream, text: string): void {
  opened.add(stream);
  stream.write(text);
}

/** Resolves when everything that was written has been handed to the system. */
export async function flushAll(): Promise<void> {
  await Promise.all([...opened].map(flush));
}

const flush = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve());
  });
