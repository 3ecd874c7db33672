import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
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

/** Whether a file begins with `#!`. */
export function isScript(path: string): boolean {
  const head = Buffer.alloc(2);
  const fd = openSync(path, 'r');
  try {
    return readSync(fd, head, 0, 2, 0) === 2 && head.toString('latin1') === '#!';
  } finally {
    closeSync(fd);
  }
}
