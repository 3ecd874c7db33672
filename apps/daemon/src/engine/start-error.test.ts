import { NsError } from '@ns/errors';
import { describe, expect, it } from 'vitest';

import { startError, startExitCode } from './start-error.js';

const error = (code: ConstructorParameters<typeof NsError>[0], message: string): NsError =>
  new NsError(code, { operation: 'start', message, hint: 'look' });

/** How Docker's client 28 tells the exit code from the message. */
function clientExitCode(message: string): number {
  if (
    /executable file not found|no such file or directory|system cannot find the file specified/.test(message)
  )
    return 127;
  return /permission denied|is a directory/.test(message) ? 126 : 125;
}

describe('startError', () => {
  it.each([
    ['ERR_NS_COMMAND_NOT_FOUND', 'sh', 127],
    ['ERR_NS_COMMAND_NOT_FOUND', '/bin/sh', 127],
    ['ERR_NS_COMMAND_NOT_EXECUTABLE', '/etc/passwd', 126],
    ['ERR_NS_STEP_FAILED', 'sh', 125],
  ] as const)('%s of %s ends the client with %d', (code, command, status) => {
    const told = startError(error(code, 'run it: ENOENT (No such file or directory)'), command) as NsError;
    expect(clientExitCode(told.message)).toBe(status);
    expect(told).toMatchObject({ code, operation: 'start', hint: 'look' });
  });

  it.each(['no such file or directory', 'permission denied', 'is a directory', 'executable file not found'])(
    'does not let "%s" about something else be taken for it',
    (words) => {
      const told = startError(error('ERR_NS_STEP_FAILED', `mount /x: ${words}`), 'sh') as Error;
      expect(clientExitCode(told.message)).toBe(125);
    },
  );

  it('leaves other errors as they are', () => {
    const other = new TypeError('bug');
    expect(startError(other, 'sh')).toBe(other);
  });
});

describe('startExitCode', () => {
  it.each([
    [error('ERR_NS_COMMAND_NOT_FOUND', ''), 127],
    [error('ERR_NS_COMMAND_NOT_EXECUTABLE', ''), 126],
    [error('ERR_NS_STEP_FAILED', ''), 128],
    [new TypeError('bug'), 128],
  ])('%#', (given, code) => {
    expect(startExitCode(given)).toBe(code);
  });
});
