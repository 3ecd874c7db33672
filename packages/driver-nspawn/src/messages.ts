import { readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

import { isErrno } from '@ns/errors';

/** The file in a container's state directory to which systemd-nspawn writes. */
export const messagesFile = (directory: string): string => join(directory, 'nspawn.log');

/** What systemd-nspawn has written, and when. */
export interface Messages {
  readonly text: string;
  readonly at: Date;
}

/** Undefined when it was not started. */
export function readMessages(directory: string): Messages | undefined {
  const path = messagesFile(directory);
  try {
    return { text: readFileSync(path, 'utf8'), at: statSync(path).mtime };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** systemd's name for a signal that has none of its own: `RTMIN+5`. */
const REAL_TIME = /^RTMIN(?:\+(\d+))?$/;
/** glibc's: the kernel's first two are its own. */
const SIGRTMIN = 34;

/** The signal that ended the container's first process, of which systemd-nspawn says in words what its exit status does not. */
export function signalOf(text: string): number | undefined {
  const [, name = ''] = /^Container \S+ terminated by signal (\S+)\.$/m.exec(text) ?? [];
  const [isRealTime, offset] = REAL_TIME.exec(name) ?? [];
  if (isRealTime !== undefined) return SIGRTMIN + Number(offset ?? 0);
  return (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`];
}

/** What it has to say about a failure: without what it always says. */
export function complaints(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^(Attempted to remove disk file system|Container )/.test(line));
}
