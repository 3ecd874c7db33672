import { describe, expect, test } from 'vitest';

import { endingIn, errorsIn, hasGivenUp, pidIn } from './log.js';

const STARTED = `lxc-start web 20261124130048.803 NOTICE   start - ../src/lxc/start.c:start:2194 - Exec'ing "/dev/.ns/start"
lxc-start web 20261124130048.808 NOTICE   start - ../src/lxc/start.c:post_start:2205 - Started "/dev/.ns/start" with pid "31920"
`;
const ended = (how: string): string =>
  `${STARTED}lxc-start web 20261124130048.811 INFO     error - ../src/lxc/error.c:lxc_error_set_and_log:31 - Child <31920> ended on ${how}\n`;

describe('the log of LXC', () => {
  test('tells the pid of the first process', () => {
    expect(pidIn(STARTED)).toBe(31_920);
    expect(pidIn('')).toBeUndefined();
  });

  test.each([
    ['error (7)', { status: 7 }],
    ['signal Killed(9)', { signal: 9 }],
    ['signal Real-time signal 3(37)', { signal: 37 }],
    // LXC 4.
    ['signal (15)', { signal: 15 }],
  ])('tells of an end: %s', (how, ending) => {
    expect(endingIn(ended(how))).toEqual(ending);
  });

  test('tells of the first end, for LXC starts a container again that was rebooted', () => {
    expect(endingIn(ended('signal Hangup(1)') + ended('error (127)'))).toEqual({ signal: 1 });
  });

  test('has nothing to tell of a good end', () => {
    expect(endingIn(STARTED)).toBeUndefined();
  });

  test('tells what went wrong, the cause first', () => {
    const log = `lxc-start: web: ../src/lxc/confile.c: set_config_namespace_clone: 2719 Invalid namespace name "mount"
lxc-start web 20261124130445.561 ERROR    dir - ../src/lxc/storage/dir.c:dir_mount:163 - Permission denied - Failed to open "/srv"
lxc-start web 20261124130445.561 WARN     conf - ../src/lxc/conf.c:x:1 - Never mind
lxc-start web 20261124130445.561 ERROR    start - ../src/lxc/start.c:do_start:1272 - Failed to setup container "web"
lxc-start web 20261124130445.563 ERROR    sync - ../src/lxc/sync.c:sync_wait:34 - An error occurred in another process (expected sequence number 3)
lxc-start web 20261124130445.571 ERROR    lxc_start - ../src/lxc/tools/lxc_start.c:main:306 - The container failed to start
`;
    expect(errorsIn(log)).toEqual([
      'Permission denied - Failed to open "/srv"',
      'Failed to setup container "web"',
    ]);
    expect(hasGivenUp(log)).toBe(true);
    expect(hasGivenUp(STARTED)).toBe(false);
  });
});
