import { describe, expect, test } from 'vitest';

import { codeOf, errorIn, runtimeError } from './runtime-error.js';

describe('a log', () => {
  test('says the last error', () => {
    const log = [
      '{"level":"warning","msg":"lstat /x","time":""}',
      '{"level":"error","msg":"first","time":""}',
      'no JSON',
      '{"level":"error","msg":"unable to start","time":""}',
      '{"level":"info","msg":"later","time":""}',
    ].join('\n');
    expect(errorIn(log)).toBe('unable to start');
  });

  test('of runsc gives up with a warning', () => {
    expect(errorIn('{"msg":"FATAL ERROR: creating container: x","level":"warning"}')).toBe(
      'creating container: x',
    );
  });

  test('without errors says nothing', () => {
    expect(errorIn('{"level":"warning","msg":"harmless"}\n{}\n[]\nnull\n')).toBeUndefined();
  });
});

describe('a failure', () => {
  // As runc 1.1.5, crun 1.8.1 and runsc of 2022 say it.
  test.each([
    [
      'unable to start container process: exec: "none": executable file not found in $PATH',
      'ERR_NS_COMMAND_NOT_FOUND',
    ],
    [
      'unable to start container process: exec: "/none": stat /none: no such file or directory',
      'ERR_NS_COMMAND_NOT_FOUND',
    ],
    ['unable to start container process: exec: "/etc": is a directory', 'ERR_NS_COMMAND_NOT_EXECUTABLE'],
    ['unable to start container process: exec: "/f": permission denied', 'ERR_NS_COMMAND_NOT_EXECUTABLE'],
    ['executable file `none` not found in $PATH: No such file or directory', 'ERR_NS_COMMAND_NOT_FOUND'],
    ['open executable: Permission denied', 'ERR_NS_COMMAND_NOT_EXECUTABLE'],
    ['error finding executable "none" in PATH [/bin]: no such file or directory', 'ERR_NS_COMMAND_NOT_FOUND'],
    ['unable to apply cgroup configuration: mkdir /sys/fs/cgroup: permission denied', 'ERR_NS_TOOL_FAILED'],
  ])('%s', (message, code) => {
    expect(codeOf(message)).toBe(code);
  });

  const failure = { operation: 'start', runtime: 'crun', said: '', status: 1, command: 'none' };

  test('names the runtime and the command, with a hint', () => {
    const error = runtimeError({ ...failure, said: 'open executable: Permission denied' });
    expect(error.message).toBe('start: run none: crun: open executable: Permission denied');
    expect(error.hint).toBeDefined();
  });

  test('of a setting names it as users do', () => {
    const said = 'open `/proc/sys/net/core/none`: No such file or directory';
    expect(runtimeError({ ...failure, said }).message).toContain('(sysctl net.core.none)');
  });

  test('without a word says so', () => {
    expect(runtimeError(failure).message).toBe('start: crun ended with status 1 and said nothing');
    expect(runtimeError({ ...failure, status: undefined }).message).toContain('ended with a signal');
  });
});
