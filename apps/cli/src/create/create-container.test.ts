import { EngineApiError, type ErrorResponse } from '@ns/engine-api';
import { NsError } from '@ns/errors';
import { describe, expect, it } from 'vitest';

import { Failure } from '../failure.js';
import { reportLines, reportOf } from '../report.js';
import { startExitCode } from './create-container.js';

const answer = (message: string, extra: Partial<ErrorResponse> = {}): EngineApiError =>
  new EngineApiError({ operation: 'container start', status: 400, response: { message, ...extra } });

describe('the exit code of a start that failed', () => {
  it.each([
    ['ns-daemon: not found', answer('x', { nsCode: 'ERR_NS_COMMAND_NOT_FOUND' }), 127],
    ['ns-daemon: not executable', answer('x', { nsCode: 'ERR_NS_COMMAND_NOT_EXECUTABLE' }), 126],
    [
      'ns-daemon: something else, whatever its words',
      answer('no such file or directory', { nsCode: 'ERR_NS_STEP_FAILED' }),
      125,
    ],
    ['dockerd: not found', answer('exec: "x": executable file not found in $PATH: unknown'), 127],
    ['dockerd: no such file', answer('stat /x: no such file or directory: unknown'), 127],
    ['dockerd: not executable', answer('exec: "/x": permission denied: unknown'), 126],
    ['dockerd: a directory', answer('exec: "/etc": is a directory: unknown'), 126],
    ['dockerd: something else', answer('cgroup is on fire'), 125],
    ['a failure of our own', new Failure(1, 'x'), 1],
    ['no connection', new NsError('ERR_NS_CONNECTION', { operation: 'ping', message: 'x' }), 125],
    ['anything', new Error('x'), 125],
  ])('%s', (_, error, code) => {
    expect(startExitCode(error)).toBe(code);
  });
});

describe('what the user is told', () => {
  it.each([
    [answer('No such container: x'), 'Error response from daemon: No such container: x'],
    [answer('busy', { hint: 'wait' }), 'Error response from daemon: busy\nhint: wait'],
    [
      new NsError('ERR_NS_CONNECTION', { operation: 'ping', message: 'cannot reach it', hint: 'start it' }),
      'ns: cannot reach it\nhint: start it',
    ],
    [new NsError('ERR_NS_CORRUPT', { operation: 'stream', message: 'not JSON' }), 'ns: stream: not JSON'],
    [new Failure(1, 'no', { hint: 'yes' }), 'ns: no\nhint: yes'],
    [new Error('Error: No such object: x'), 'Error: No such object: x'],
    ['words', 'ns: words'],
  ])('%o', (error, lines) => {
    expect(reportLines(reportOf(error))).toBe(lines);
  });
});
