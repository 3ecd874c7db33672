import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

import type { Cli } from '../cli.js';
import { Failure } from '../failure.js';

/**
 * An archive to read: a file, or stdin for `-` and undefined.
 *
 * @param what - What would be read of stdin, for the message when that is a terminal: `load`.
 * @throws {@link Failure} when there is no such file, or it is none.
 */
export async function openArchive(cli: Cli, path: string | undefined, what: string): Promise<Readable> {
  if (path === undefined || path === '-') {
    if (cli.stdin.isTTY) {
      throw new Failure(1, `requested ${what} from stdin, but stdin is a terminal`, {
        hint: 'name a file, or redirect one',
      });
    }
    return cli.stdin;
  }
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new Failure(1, `open ${path}: it is a directory`, {
        hint: `pack it: tar -C ${path} -c . | ns import -`,
      });
    }
    return createReadStream('', { fd: file });
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Failure(
      1,
      `open ${path}: ${missing ? 'no such file or directory' : (cause as Error).message}`,
      { cause },
    );
  }
}
