import { explain, type Program } from '@ns/syscall';
import { expect, test } from 'vitest';

import { joinSteps } from './join.js';

test('a program joins by one write for each hierarchy', () => {
  const steps = joinSteps([
    { hierarchy: 'memory', fd: 7 },
    { hierarchy: 'unified', fd: 8 },
  ]);
  const program: Program = { title: 'Join', statusFd: 3, failureStatus: 1, steps };
  expect(
    explain(program)
      .trim()
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual([
    'Join (2 system calls)',
    '',
    'control groups',
    '1    join the memory cgroup',
    'write(7, "0", 1)',
    '2    join the unified cgroup',
    'write(8, "0", 1)',
  ]);
});

test('nothing to join is no step', () => expect(joinSteps([])).toEqual([]));
