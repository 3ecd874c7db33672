import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Where programs of the system are, whatever PATH the daemon was started with. */
const DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The path of a program; undefined when there is none of that name. */
export function which(name: string): string | undefined {
  const path = (process.env['PATH'] ?? '').split(':').filter((directory) => isAbsolute(directory));
  return [...new Set([...path, ...DIRECTORIES])].map((directory) => join(directory, name)).find(isProgram);
}

/** Whether a file can be executed. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
