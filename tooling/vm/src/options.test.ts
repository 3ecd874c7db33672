import { describe, expect, it } from 'vitest';

import { parseRequest } from './options.ts';

describe('the arguments of ./dev vm', () => {
  it('are a command after --, which keeps its own options', () => {
    const { command, tests, job } = parseRequest(
      ['--cgroup', '1', '--no-apparmor', '--', 'ls', '--help'],
      {},
    );
    expect({ command, tests }).toEqual({ command: ['ls', '--help'], tests: undefined });
    expect(job).toMatchObject({ cgroup: 1, isAppArmorOn: false, memoryMiB: 3072, timeoutSeconds: 600 });
  });

  it('are packages to test, and more for vitest', () => {
    expect(parseRequest(['test', 'caps', 'cgroups', '--', '-t', 'x'], {}).tests).toEqual({
      packages: ['caps', 'cgroups'],
      arguments: ['-t', 'x'],
    });
  });

  it('hand over variables by name or value, and CI', () => {
    const machine = { CI: 'true', A: 'a', B: 'b' };
    const { job } = parseRequest(['--env', 'A', '--env', 'C=1=2', '--env', 'D', '--', 'x'], machine);
    expect(job.environment).toEqual({ CI: 'true', A: 'a', C: '1=2' });
  });

  it.each([
    [['ls'], 'vm: ls: a command comes after --'],
    [[], 'vm: there is no command'],
    [['--cgroup', '3', '--', 'x'], 'vm: --cgroup 3: is neither 1 nor 2'],
    [['--timeout', '0', '--', 'x'], 'vm: --timeout 0: is not a whole number from 1'],
    [['--share', '/no/such', '--', 'x'], 'vm: --share /no/such: is not a directory'],
    [['--kernel', '../x', '--', 'x'], 'vm: --kernel ../x: is not the name of a Debian kernel package'],
    [['--env', '1=2', '--', 'x'], 'vm: --env 1=2: is not NAME or NAME=VALUE'],
  ])('%j: are refused with the reason', (argv, message) => {
    expect(() => parseRequest(argv, {})).toThrow(message);
  });
});
