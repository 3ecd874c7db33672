import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno, NsError } from '@ns/errors';

import { runTool } from './run-tool.js';

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];
const PATH = `PATH=${FOLDERS.join(':')}:/sbin:/bin`;

/** The answer does not change while this process lives. */
let checked: Promise<void> | undefined;

/**
 * Whether processes can be written down and brought back on this machine: `criu check`.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED`, with what criu says.
 */
export function assertCriu(operation: string): Promise<void> {
  checked ??= check(operation);
  return checked;
}

async function check(operation: string): Promise<void> {
  const file = FOLDERS.map((folder) => join(folder, 'criu')).find((path) => existsSync(path));
  if (file === undefined) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation,
      message: 'criu, by which processes are written down, is not installed',
      hint: 'apt-get install criu',
    });
  }
  const { status, stdout, stderr } = await runTool({ file, args: ['criu', 'check'], env: [PATH] });
  if (status === 0) return;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation,
    message: `criu cannot work with this kernel: ${reasonIn(`${stdout}\n${stderr}`)}`,
    path: file,
    hint: 'see `criu check`; a release of criu that is as new as the kernel may know it',
  });
}

/** The first error that criu tells of, without the place in its source. Pure. */
export function reasonIn(text: string): string {
  const errors = [...text.matchAll(/Error \([^)]*\): (.*)$/gm)].map((match) => match[1]!.trim());
  // That a child of criu's has ended says nothing.
  const reason = errors.find((error) => !error.startsWith('exited, status=')) ?? errors[0];
  return reason?.replace(/\.$/, '') ?? 'it does not say why';
}

/** The last error of a log of criu's, for what runc says is only where the log is. */
export function errorInCriuLog(path: string): string | undefined {
  try {
    const errors = readFileSync(path, 'utf8').match(/Error \([^)]*\): .*$/gm) ?? [];
    const meant = errors.filter((line) => !/tun\.c|Dumping FAILED|Restoring FAILED/.test(line));
    return meant
      .at(-1)
      ?.replace(/^Error \([^)]*\): /, '')
      .replace(/\.$/, '');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
