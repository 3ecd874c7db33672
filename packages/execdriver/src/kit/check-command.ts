import { NsError } from '@ns/errors';

import type { HostCommand } from './command.js';

/** A definition that makes no sense is found out before anything runs. */
export function checkCommand({ file, args, cwd = '/', fds = {}, life }: HostCommand): void {
  if (!file.startsWith('/')) throw invalid(`${JSON.stringify(file)} is not an absolute path`);
  if (args.length === 0) throw invalid(`${file} has no arguments, not even its name`);
  if (!cwd.startsWith('/'))
    throw invalid(`the working directory ${JSON.stringify(cwd)} is not an absolute path`);
  const low = Object.keys(fds).find((number) => Number(number) < 3 || Number(number) > 30);
  if (low !== undefined) throw invalid(`descriptor ${low} is not from 3 to 30`);
  if (life !== 'stays' && !life.pidFile.startsWith('/')) {
    throw invalid(`the pid file ${JSON.stringify(life.pidFile)} is not an absolute path`);
  }
}

const invalid = (message: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'command of a driver',
    message,
    hint: 'this is a mistake in the driver: tell its authors',
  });
