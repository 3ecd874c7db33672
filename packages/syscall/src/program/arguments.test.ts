import { describe, expect, test } from 'vitest';

import * as uapi from '../uapi/index.js';
import { argumentTexts, cloneTexts, dataText } from './arguments.js';
import { at, bytes, clone, cstr, scratch, slot, strings, struct, type Operand } from './ir.js';
import { SYSCALLS, type ArgumentKind, type SyscallName } from './syscalls.js';

const {
  AT,
  CAP,
  CLONE,
  F,
  F_SEAL,
  FD,
  FSCONFIG,
  MNT,
  MS,
  O,
  OPEN_TREE,
  PR,
  PR_CAP_AMBIENT,
  S,
  SECBIT,
  SECCOMP,
  SIG,
  SIG_HOW,
  TIO,
} = uapi;

const CASES: readonly [SyscallName, readonly Operand[], string][] = [
  ['close', [slot('proc')], 'proc'],
  ['close', [AT.AT_FDCWD], 'AT_FDCWD'],
  ['openat', [AT.AT_FDCWD, cstr('/a "b"'), O.O_RDONLY, 0], 'AT_FDCWD, "/a \\"b\\"", O_RDONLY, 0'],
  ['openat', [3, cstr('x'), O.O_CLOEXEC | O.O_DIRECTORY, 0], '3, "x", O_RDONLY|O_DIRECTORY|O_CLOEXEC, 0'],
  ['openat', [3, cstr('x'), O.O_PATH, 0], '3, "x", O_PATH, 0'],
  ['openat', [3, cstr('x'), O.O_WRONLY | O.O_CREAT, 0o644], '3, "x", O_WRONLY|O_CREAT, 0644'],
  ['mkdirat', [3, cstr('x'), 0o1777], '3, "x", 01777'],
  [
    'mknodat',
    [3, cstr('null'), S.S_IFCHR | 0o666, uapi.makedev(1, 3)],
    '3, "null", S_IFCHR|0666, makedev(1, 3)',
  ],
  ['mknodat', [3, cstr('pipe'), S.S_IFIFO, 0], '3, "pipe", S_IFIFO|0, makedev(0, 0)'],
  ['mount', [0, cstr('/'), 0, MS.MS_REC | MS.MS_PRIVATE, 0], 'NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL'],
  ['umount2', [cstr('.'), MNT.MNT_DETACH], '".", MNT_DETACH'],
  [
    'open_tree',
    [AT.AT_FDCWD, cstr('/'), OPEN_TREE.OPEN_TREE_CLONE | AT.AT_RECURSIVE | AT.AT_EMPTY_PATH],
    'AT_FDCWD, "/", OPEN_TREE_CLONE|AT_EMPTY_PATH|AT_RECURSIVE',
  ],
  ['open_tree', [3, cstr(''), AT.AT_EMPTY_PATH], '3, "", AT_EMPTY_PATH'],
  ['fsconfig', [3, FSCONFIG.FSCONFIG_CMD_CREATE, 0, 0, 0], '3, FSCONFIG_CMD_CREATE, NULL, NULL, 0'],
  ['setns', [3, CLONE.CLONE_NEWNET | CLONE.CLONE_NEWPID], '3, CLONE_NEWPID|CLONE_NEWNET'],
  ['fcntl', [3, F.F_SETFD, FD.FD_CLOEXEC], '3, F_SETFD, FD_CLOEXEC'],
  ['fcntl', [3, F.F_SETFD, 0], '3, F_SETFD, 0'],
  ['fcntl', [3, F.F_SETFL, O.O_NONBLOCK], '3, F_SETFL, O_RDONLY|O_NONBLOCK'],
  [
    'fcntl',
    [3, F.F_ADD_SEALS, F_SEAL.F_SEAL_SEAL | F_SEAL.F_SEAL_WRITE],
    '3, F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_WRITE',
  ],
  ['fcntl', [3, F.F_DUPFD_CLOEXEC, 10], '3, F_DUPFD_CLOEXEC, 10'],
  ['ioctl', [0, TIO.TIOCSCTTY, 0], '0, TIOCSCTTY, 0'],
  ['ioctl', [0, 0xabcd_ef01, slot('x')], '0, 0xabcdef01, x'],
  ['prctl', [PR.PR_SET_PDEATHSIG, SIG.SIGKILL, 0, 0, 0], 'PR_SET_PDEATHSIG, SIGKILL'],
  ['prctl', [PR.PR_SET_DUMPABLE, 0, 0, 0, 0], 'PR_SET_DUMPABLE, 0'],
  ['prctl', [PR.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'PR_SET_NO_NEW_PRIVS, 1'],
  ['prctl', [PR.PR_SET_NAME, cstr('init'), 0, 0, 0], 'PR_SET_NAME, "init"'],
  ['prctl', [PR.PR_CAPBSET_DROP, CAP.CAP_SYS_ADMIN, 0, 0, 0], 'PR_CAPBSET_DROP, CAP_SYS_ADMIN'],
  ['prctl', [PR.PR_CAPBSET_DROP, 63, 0, 0, 0], 'PR_CAPBSET_DROP, 63'],
  [
    'prctl',
    [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_RAISE, CAP.CAP_CHOWN, 0, 0],
    'PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE',
  ],
  [
    'prctl',
    [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_RAISE, CAP.CAP_KILL, 0, 0],
    'PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL',
  ],
  ['prctl', [PR.PR_SET_SECUREBITS, SECBIT.SECBIT_KEEP_CAPS, 0, 0, 0], 'PR_SET_SECUREBITS, SECBIT_KEEP_CAPS'],
  [
    'seccomp',
    [SECCOMP.SECCOMP_SET_MODE_FILTER, 0, bytes(new Uint8Array(16), '<filter>')],
    'SECCOMP_SET_MODE_FILTER, 0, <filter>',
  ],
  [
    'rt_sigprocmask',
    [SIG_HOW.SIG_SETMASK, struct([['mask', 8, 0]]), 0, 8],
    'SIG_SETMASK, {mask: 0}, NULL, 8',
  ],
  ['rt_sigaction', [SIG.SIGPIPE, 0, 0, 8], 'SIGPIPE, NULL, NULL, 8'],
  ['keyctl', [uapi.KEYCTL.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0], 'KEYCTL_JOIN_SESSION_KEYRING, 0'],
  ['kill', [-1, SIG.SIGTERM], '-1, SIGTERM'],
  ['clock_gettime', [1, scratch(16, 'time')], 'CLOCK_MONOTONIC, <time, 16 bytes>'],
  ['faccessat', [3, cstr('x'), 0], '3, "x", F_OK'],
  ['faccessat2', [3, cstr('x'), 5, AT.AT_EACCESS], '3, "x", X_OK|R_OK, AT_REMOVEDIR'],
  ['fchownat', [3, cstr('x'), 1000, -1, AT.AT_SYMLINK_NOFOLLOW], '3, "x", 1000, -1, AT_SYMLINK_NOFOLLOW'],
  ['setresuid', [-1, 2n ** 64n - 1n, 0], '-1, -1, 0'],
  ['close_range', [3, 0xffff_ffff, 0], '3, 4294967295, 0'],
  ['execve', [cstr('/bin/sh'), strings(['sh']), strings([])], '"/bin/sh", ["sh"], []'],
  ['write', [1, at(scratch(8, 'out'), 4), 4], '1, <out, 8 bytes> + 4, 4'],
  ['read', [0, 0x4000_0000, 10], '0, 0x40000000, 10'],
  ['getrandom', [scratch(8, 'r'), 8, 3], '<r, 8 bytes>, 8, 0x3'],
  ['wait4', [-1, 0, 1, 0], '-1, NULL, WNOHANG, NULL'],
  ['waitid', [3, 7, 0, 4, 0], 'P_PIDFD, 7, NULL, WEXITED, NULL'],
  ['socket', [16, 3, 0], 'AF_NETLINK, SOCK_RAW, 0'],
  ['getpid', [], ''],
];

describe('arguments as text', () => {
  test.each(CASES)('%s %#', (name, args, expected) => {
    expect(argumentTexts(name, args).join(', ')).toBe(expected);
  });

  test('those of a clone are its own', () => {
    const args = struct([['flags', 8, CLONE.CLONE_NEWNS, 'CLONE_NEWNS']]);
    expect(cloneTexts(clone({ what: 'x', args, into: slot('pid'), child: [] }))).toEqual([
      '{flags: CLONE_NEWNS}',
      '8',
    ]);
  });

  test('every word of the table has a meaning', () => {
    const kinds: Record<ArgumentKind, true> = {
      fd: true,
      path: true,
      str: true,
      ptr: true,
      struct: true,
      argv: true,
      envp: true,
      size: true,
      flags: true,
      int: true,
      mode: true,
      id: true,
      pid: true,
      dev: true,
    };
    const words = Object.values(SYSCALLS).flatMap(({ args }) => args.flatMap((word) => word.split('|')));
    expect(words.filter((word) => !(word in kinds) && !(word in uapi.FLAG_SETS))).toEqual([]);
    expect(Object.keys(kinds).filter((kind) => !words.includes(kind))).toEqual([]);
  });

  test('no call has more arguments than registers', () => {
    expect(Object.entries(SYSCALLS).filter(([, { args }]) => args.length > 6)).toEqual([]);
  });
});

describe('long arguments', () => {
  test('a string is cut and stays quoted, never inside an escape', () => {
    expect(dataText(cstr('abcdefghij'), 12)).toBe('"abcdefghij"');
    expect(dataText(cstr('abcdefghijk'), 12)).toBe('"abcdefghi"…');
    for (let length = 4; length < 20; length++) {
      const text = dataText(cstr('\u0001\n"\u0002\\\u0003'), length);
      expect(text.length).toBeLessThanOrEqual(length);
      expect(() => JSON.parse(text.replace('…', ''))).not.toThrow();
    }
  });

  test('an array keeps whole strings and says how many there are', () => {
    const list = strings(['one', 'two', 'three']);
    expect(dataText(list, 23)).toBe('["one", "two", "three"]');
    expect(dataText(list, 22)).toBe('["one", "two", … 3 in all]');
    expect(dataText(list, 11)).toBe('["one", … 3 in all]');
    expect(dataText(list, 3)).toBe('[… 3 in all]');
  });

  test('anything else is cut', () => {
    expect(
      dataText(
        struct([
          ['flags', 8, 0],
          ['size', 8, 0],
        ]),
        10,
      ),
    ).toBe('{flags: 0…');
  });
});
