import { limitBounding, setCapabilities } from '@ns/caps';
import {
  ACCESS,
  AT,
  bytes,
  call,
  CLOSE_RANGE,
  compute,
  cstr,
  ERRNO,
  F,
  FD,
  fail,
  KEYCTL,
  leave,
  loop,
  O,
  on,
  PR,
  RLIMIT,
  RLIM_INFINITY,
  set,
  SIG,
  SIG_HOW,
  slot,
  strings,
  struct,
  when,
  type Data,
  type Handler,
  type Step,
} from '@ns/syscall';

import type { Rlimit } from '../contract.js';
import { LAST_DESCRIPTOR } from './descriptors.js';

/** The kernel's `sizeof(sigset_t)`. */
export const SIGSET_SIZE = 8;
const NO_SIGNALS = bytes(new Uint8Array(SIGSET_SIZE), '[]');
export const ALL_SIGNALS: Data = bytes(new Uint8Array(SIGSET_SIZE).fill(0xff), '[all]');

export const blockSignals = (): Step =>
  call('rt_sigprocmask', [SIG_HOW.SIG_SETMASK, ALL_SIGNALS, 0, SIGSET_SIZE], { what: 'block all signals' });

export const unblockSignals = (): Step =>
  call('rt_sigprocmask', [SIG_HOW.SIG_SETMASK, NO_SIGNALS, 0, SIGSET_SIZE], { what: 'unblock all signals' });

/** The name that `ps` shows; at most 15 bytes. */
export const nameProcess = (name: string): Step =>
  call('prctl', [PR.PR_SET_NAME, cstr(name), 0, 0, 0], { what: `name the process ${name}` });

/** Whether others may trace the process and read its memory. See prctl(2), `PR_SET_DUMPABLE`. */
export const setDumpable = (dumpable: 0 | 1): Step =>
  call('prctl', [PR.PR_SET_DUMPABLE, dumpable, 0, 0, 0], {
    what: dumpable === 0 ? 'let nobody trace or read this process' : 'let this process be traced again',
  });

/**
 * Die with the monitor. Without it nobody would hold the container's streams or see its end.
 *
 * Changing user clears this, so it is said again afterwards. See prctl(2), `PR_SET_PDEATHSIG`.
 */
export const dieWithMonitor = (): Step =>
  call('prctl', [PR.PR_SET_PDEATHSIG, SIG.SIGKILL, 0, 0, 0], { what: 'die when the monitor dies' });

/** A session keyring of its own: the creator's keys stay out. */
export const newKeyring = (): Step =>
  call('keyctl', [KEYCTL.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0], {
    what: 'join a new session keyring',
    // Kernels without keys, and seccomp filters of outer containers that forbid keyctl.
    tolerate: ['ENOSYS', 'EPERM'],
    hints: { EDQUOT: 'too many keyrings: see /proc/sys/kernel/keys/maxkeys' },
  });

/** Set resource limits, soft and hard: prlimit(2). */
export function setRlimits(limits: readonly Rlimit[]): Step[] {
  const value = (limit: number | 'unlimited'): bigint =>
    limit === 'unlimited' ? RLIM_INFINITY : BigInt(limit);
  return limits.map((limit) => {
    const name = `RLIMIT_${limit.name.toUpperCase()}` as keyof typeof RLIMIT;
    return call(
      'prlimit64',
      [
        0,
        RLIMIT[name],
        struct([
          ['soft', 8, value(limit.soft), String(limit.soft)],
          ['hard', 8, value(limit.hard), String(limit.hard)],
        ]),
        0,
      ],
      {
        what: `set the limit ${limit.name} to ${limit.soft}:${limit.hard}`,
        hints: {
          EPERM:
            'a hard limit above the present one needs CAP_SYS_RESOURCE, which this machine does not give',
        },
      },
    );
  });
}

/** Needs a /proc that shows this process: the host's, before the root is changed. */
export function setOomScoreAdj(value: number): Step[] {
  const file = slot('oom_score_adj');
  const text = new TextEncoder().encode(String(value));
  const path = '/proc/self/oom_score_adj';
  return [
    call('openat', [AT.AT_FDCWD, cstr(path), O.O_WRONLY | O.O_CLOEXEC, 0], {
      what: `open ${path}`,
      into: file,
    }),
    call('write', [file, bytes(text, JSON.stringify(String(value))), text.length], {
      what: `set the OOM score adjustment to ${value}`,
      hints: { EACCES: 'a lower value than the present one needs CAP_SYS_RESOURCE' },
    }),
    call('close', [file], { what: `close ${path}` }),
  ];
}

/** Set the permission bits that new files do not get: umask(2). */
export const setUmask = (mask: number): Step =>
  call('umask', [mask], { what: `set the umask to 0${mask.toString(8).padStart(3, '0')}` });

/** No execve(2) gives the process privileges that it does not have. See prctl(2), `PR_SET_NO_NEW_PRIVS`. */
export const noNewPrivileges = (): Step =>
  call('prctl', [PR.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], { what: 'give up gaining privileges by execve' });

/** Who a process runs as, in numbers. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/**
 * Become the user, and give up every capability that is not in `capabilities`, for good.
 *
 * The bounding set goes first, while CAP_SETPCAP is there; a user other than root then has none but keeps the
 * bounding set, as with Docker.
 */
export function becomeUser(
  identity: Identity,
  capabilities: bigint,
  highest: number,
  canSetgroups = true,
): Step[] {
  const { uid, gid, groups } = identity;
  const list = new Uint8Array(new Uint32Array(groups).buffer);
  const hints = { EINVAL: 'the id has no place in the container’s id map' };
  return [
    ...limitBounding(capabilities, highest),
    ...(canSetgroups
      ? [
          call('setgroups', [groups.length, bytes(list, `[${groups.join(', ')}]`)], {
            what: `set the supplementary groups to [${groups.join(', ')}]`,
            hints,
          }),
        ]
      : []),
    call('setresgid', [gid, gid, gid], { what: `become group ${gid}`, hints }),
    call('setresuid', [uid, uid, uid], { what: `become user ${uid}`, hints }),
    ...setCapabilities(uid === 0 ? capabilities : 0n),
  ];
}

/** No descriptor from `first` on goes on into the program. `last`: that the process was born with. */
export function keepOnlyStandardStreams(first: number, last: number = LAST_DESCRIPTOR): Step {
  const fd = slot('fd');
  return call('close_range', [first, 0xffff_ffff, CLOSE_RANGE.CLOSE_RANGE_CLOEXEC], {
    what: `mark every descriptor from ${first} on close-on-exec`,
    on: [
      // CLOSE_RANGE_CLOEXEC came with Linux 5.11. What a program opens itself is close-on-exec anyway: mark those
      // that it was born with.
      on(
        ['EINVAL'],
        set(fd, first),
        loop(
          call('fcntl', [fd, F.F_SETFD, FD.FD_CLOEXEC], {
            what: 'mark a descriptor close-on-exec',
            tolerate: ['EBADF'],
          }),
          compute(fd, fd, '+', 1),
          when([fd, '>', last], [leave]),
        ),
      ),
    ],
  });
}

const EXEC_HINTS = {
  ENOENT:
    'check the spelling and the PATH; for a script or a dynamic program, its interpreter must exist in the container too',
  ENOTDIR: 'what comes before the last slash must be a directory',
  EACCES: 'the file needs the execute permission, and a file system that is not mounted noexec',
  ENOEXEC: 'the file is no executable of this machine’s architecture, or a script without a #! line',
  E2BIG: 'the arguments and the environment together are too long for the kernel: pass the data in a file',
};

/** execvp(3) as steps. The PATH is the container's own. */
export function execute(args: readonly string[], env: readonly string[]): Step[] {
  const command = args[0]!;
  const argv = strings(args);
  const envp = strings(env);
  const exec = (path: string, handlers: readonly Handler[]): Step =>
    call('execve', [cstr(path), argv, envp], {
      what: `run ${path}`,
      object: path,
      tag: 'exec',
      hints: EXEC_HINTS,
      on: handlers,
    });
  if (command.includes('/')) return [exec(command, [])];

  // The shell's rule: a file that may not be executed is passed over, and remembered.
  const denied = slot('denied');
  const passOver = [on(['EACCES'], set(denied, 1)), on(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'])];
  const purpose = (errno: string): Step =>
    fail(errno, {
      what: `run ${command}, looked for in ${searchPath(env)}`,
      object: command,
      tag: 'exec',
      hints: EXEC_HINTS,
    });
  return [
    set(denied, 0),
    ...searchPath(env)
      .split(':')
      .map((directory) => exec(`${directory === '' ? '.' : directory}/${command}`, passOver)),
    when([denied, '==', 1], [purpose('EACCES')]),
    purpose('ENOENT'),
  ];
}

/**
 * Find out whether a command could be executed, before it is: {@link execute} then does it.
 *
 * @remarks
 * access(2) with the effective ids (`AT_EACCESS`, kernel 5.8). A filter may refuse to say: the execution will tell then.
 */
export function findCommand(args: readonly string[], env: readonly string[]): Step[] {
  const command = args[0]!;
  const what = `find ${command}`;
  const found = slot('found');
  const look = (path: string, errnos: readonly string[]): Step =>
    call('faccessat2', [AT.AT_FDCWD, cstr(path), ACCESS.X_OK, AT.AT_EACCESS], {
      what,
      object: command,
      tag: 'exec',
      hints: EXEC_HINTS,
      into: found,
      tolerate: errnos,
    });
  const UNSAID = ['ENOSYS', 'EPERM'];
  if (command.includes('/')) return [look(command, UNSAID)];
  const denied = slot('denied');
  const purpose = (errno: string): Step =>
    fail(errno, { what: `${what} in ${searchPath(env)}`, object: command, tag: 'exec', hints: EXEC_HINTS });
  return [
    set(denied, 0),
    loop(
      ...searchPath(env)
        .split(':')
        .flatMap((directory) => [
          look(`${directory === '' ? '.' : directory}/${command}`, [
            ...UNSAID,
            'EACCES',
            'ENOENT',
            'ENOTDIR',
            'ENAMETOOLONG',
            'ELOOP',
          ]),
          when([found, '==', 0], [leave]),
          ...UNSAID.map((errno) => when([found, '==', -ERRNO[errno as 'ENOSYS']], [leave])),
          when([found, '==', -ERRNO.EACCES], [set(denied, 1)]),
        ]),
      when([denied, '==', 1], [purpose('EACCES')]),
      purpose('ENOENT'),
    ),
  ];
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function searchPath(env: readonly string[]): string {
  const path = env.findLast((entry) => entry.startsWith('PATH='));
  return path === undefined ? DEFAULT_PATH : path.slice('PATH='.length);
}
