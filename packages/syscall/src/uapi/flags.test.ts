import { describe, expect, test } from 'vitest';

import { O } from './fcntl.js';
import { FLAG_SETS, flagText } from './flags.js';
import { SYSCALLS } from '../program/syscalls.js';

describe('flagText', () => {
  test.each([
    ['MS', 0x5000, 'MS_BIND|MS_REC'],
    ['MS', 0, '0'],
    ['MS', 0x2000000000001000n, 'MS_BIND|0x2000000000000000'],
    ['CLONE', 0x6c020000, 'CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWPID|CLONE_NEWNET'],
    ['O', O.O_TMPFILE | O.O_RDWR, 'O_RDWR|O_TMPFILE'],
    ['O', O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 'O_DIRECTORY|O_CLOEXEC|O_PATH'],
    ['O', O.O_SYNC | O.O_WRONLY, 'O_WRONLY|O_SYNC'],
    ['AT', -100, 'AT_FDCWD'],
    ['AT', 0x9000, 'AT_EMPTY_PATH|AT_RECURSIVE'],
    ['FSCONFIG', 6, 'FSCONFIG_CMD_CREATE'],
    ['FSCONFIG', 99, '99'],
    ['PR', 38, 'PR_SET_NO_NEW_PRIVS'],
    ['SIG', 9, 'SIGKILL'],
    ['SIG', 0, '0'],
    ['SIG', 37, 'SIGRTMIN+3'],
    ['F', 1030, 'F_DUPFD_CLOEXEC'],
    ['IOCTL', 0x5414, 'TIOCSWINSZ'],
    ['IOCTL', 0xabcd, '0xabcd'],
    ['SOCK', 0o2000005, 'SOCK_SEQPACKET|SOCK_CLOEXEC'],
    ['S', 0o20666, 'S_IFCHR|S_IRUSR|S_IWUSR|S_IRGRP|S_IWGRP|S_IROTH|S_IWOTH'],
    ['MOUNT_ATTR', 0x70, 'MOUNT_ATTR__ATIME'],
    ['NO_SUCH_SET', 5, '5'],
  ])('%s %s is %s', (set, value, text) => {
    expect(flagText(set, value)).toBe(text);
  });

  test('knows every set that the table of system calls names', () => {
    const words = new Set<string>(
      Object.values(SYSCALLS).flatMap(({ args }) => args.flatMap((word) => word.split('|'))),
    );
    const sets = [...words].filter((word) => word === word.toUpperCase());
    expect(sets.length).toBeGreaterThan(10);
    expect(sets.filter((set) => !(set in FLAG_SETS))).toEqual([]);
  });
});
