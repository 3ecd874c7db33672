import { needs } from '@ns/testing';
import {
  AF,
  call,
  clone,
  CLONE,
  ERRNO,
  load,
  PER,
  PR,
  scratch,
  SECCOMP_IOCTL,
  SIG,
  SOCK,
  slot,
  store,
  struct,
  type Field,
  type Step,
} from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import {
  compileFilter,
  filterFor,
  hostContext,
  loadSteps,
  type LoadOptions,
  type Rule,
  type SeccompProfile,
} from '../src/index.js';
import { attempt, print, run, type Ended } from './run-program.js';

const DOCKER_CAPABILITIES = ['CHOWN', 'SETUID', 'SYS_CHROOT', 'NET_RAW'];
const { architecture } = hostContext([]);

const refused = (errno: number): bigint => BigInt(-errno);

/** What calls answer under Docker's default profile. */
const underDefault = (...steps: readonly Step[][]): Promise<Ended> =>
  run(loadSteps(filterFor(hostContext(DOCKER_CAPABILITIES))), ...steps);

describe("under Docker's default profile", needs('root', 'linux'), () => {
  test('calls are refused that make namespaces, mounts, keys or programs in the kernel', async () => {
    const { status, printed } = await underDefault(
      attempt('unshare', CLONE.CLONE_NEWUSER),
      attempt('mount', 0, 0, 0, 0, 0),
      attempt('setns', 0, 0),
      attempt('keyctl', 0, 0, 0, 0, 0),
      attempt('pivot_root', 0, 0),
      attempt('open_tree', 0, 0, 0),
    );
    expect(printed).toEqual(Array.from({ length: 6 }, () => refused(ERRNO.EPERM)));
    expect(status).toEqual({ kind: 'exited', code: 0 });
  });

  test('clone3 is as if the kernel did not have it, with and without namespaces', async () => {
    const { printed } = await underDefault(attempt('clone3', struct([['flags', 8, 0]]), 88));
    expect(printed).toEqual([refused(ERRNO.ENOSYS)]);
  });

  test('sockets of an ordinary family are made, AF_ALG and AF_VSOCK are refused', async () => {
    const { printed } = await underDefault(
      attempt('socket', AF.AF_UNIX, SOCK.SOCK_STREAM, 0),
      attempt('socket', AF.AF_NETLINK, SOCK.SOCK_RAW, 0),
      attempt('socket', AF.AF_ALG, SOCK.SOCK_SEQPACKET, 0),
      attempt('socket', AF.AF_VSOCK, SOCK.SOCK_STREAM, 0),
    );
    expect(printed.slice(2)).toEqual([refused(ERRNO.EPERM), refused(ERRNO.EPERM)]);
    expect(printed.slice(0, 2).every((fd) => fd >= 0n)).toBe(true);
  });

  test('the personality is told and set to those that are listed', async () => {
    const { printed } = await underDefault(
      attempt('personality', 0xffff_ffff),
      attempt('personality', PER.PER_LINUX32),
      attempt('personality', PER.ADDR_NO_RANDOMIZE),
      attempt('personality', 0xffff_ffff),
    );
    expect(printed).toEqual([0n, 0n, refused(ERRNO.EPERM), BigInt(PER.PER_LINUX32)]);
  });
});

/** Runs a program under a profile that allows everything but these rules. */
const underRules = (
  rules: readonly Rule[],
  options: LoadOptions,
  ...steps: readonly Step[][]
): Promise<Ended> => {
  const profile: SeccompProfile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: rules };
  return run(loadSteps(compileFilter(profile, architecture), options), ...steps);
};

describe('each action', needs('root', 'linux'), () => {
  test.each([
    ['SCMP_ACT_KILL_PROCESS', SIG.SIGSYS],
    ['SCMP_ACT_KILL_THREAD', SIG.SIGSYS],
    ['SCMP_ACT_KILL', SIG.SIGSYS],
    ['SCMP_ACT_TRAP', SIG.SIGSYS],
  ] as const)('%s ends the process with SIGSYS', async (action, signal) => {
    const { status, printed } = await underRules([{ names: ['getppid'], action }], {}, attempt('getppid'));
    expect(status).toMatchObject({ signal });
    expect(printed).toEqual([]);
  });

  test('SCMP_ACT_ERRNO answers the errno, 0 included', async () => {
    const rule = (name: string, errnoRet?: number): Rule => ({
      names: [name],
      action: 'SCMP_ACT_ERRNO',
      errnoRet,
    });
    const { printed } = await underRules(
      [rule('getppid'), rule('getuid', ERRNO.EXDEV), rule('unshare', 0)],
      {},
      attempt('getppid'),
      attempt('getuid'),
      attempt('unshare', 0xffff_ffff),
    );
    expect(printed).toEqual([refused(ERRNO.EPERM), refused(ERRNO.EXDEV), 0n]);
  });

  test('SCMP_ACT_TRACE is ENOSYS without a tracer, SCMP_ACT_LOG lets pass', async () => {
    const { printed } = await underRules(
      [
        { names: ['getppid'], action: 'SCMP_ACT_TRACE', errnoRet: 7 },
        { names: ['geteuid'], action: 'SCMP_ACT_LOG' },
      ],
      {},
      attempt('getppid'),
      attempt('geteuid'),
    );
    expect(printed).toEqual([refused(ERRNO.ENOSYS), 0n]);
  });

  test('SCMP_ACT_NOTIFY gives a listener', async () => {
    const listener = slot('listener');
    const { printed } = await underRules(
      [{ names: ['getppid'], action: 'SCMP_ACT_NOTIFY' }],
      { listener, flags: ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG'] },
      print(listener),
      [call('close', [listener], { what: 'close the listener' })],
      attempt('getppid'),
    );
    // Without a listener that could answer, the call is one that does not exist.
    expect(printed[0]).toBeGreaterThanOrEqual(0n);
    expect(printed[1]).toBe(refused(ERRNO.ENOSYS));
  });
});

test('a listener answers for the kernel', needs('root', 'linux'), async () => {
  const [listener, child, id] = [slot('listener'), slot('child'), slot('id')];
  const notification = scratch(80, 'struct seccomp_notif');
  const response = scratch(24, 'struct seccomp_notif_resp');
  const { printed, status } = await underRules(
    [{ names: ['getppid'], action: 'SCMP_ACT_NOTIFY' }],
    { listener, flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] },
    [
      clone({
        what: 'start a child',
        args: struct(
          ['flags', 'pidfd', 'child_tid', 'parent_tid', 'exit_signal', 'stack', 'stack_size', 'tls'].map(
            (name): Field => [name, 8, name === 'exit_signal' ? SIG.SIGCHLD : 0],
          ),
        ),
        child: attempt('getppid'),
        into: child,
      }),
      call('ioctl', [listener, SECCOMP_IOCTL.SECCOMP_IOCTL_NOTIF_RECV, notification], {
        what: 'be notified',
      }),
      load(id, notification, 0, 8),
      store(id, response, 0, 8),
      store(4242, response, 8, 8),
      call('ioctl', [listener, SECCOMP_IOCTL.SECCOMP_IOCTL_NOTIF_SEND, response], { what: 'answer' }),
      call('wait4', [child, 0, 0, 0], { what: 'wait for the child' }),
    ],
  );
  expect(status).toEqual({ kind: 'exited', code: 0 });
  expect(printed).toEqual([4242n]);
});

test('the filter of another machine is taken, and kills', needs('root', 'linux'), async () => {
  const other = architecture === 'x86_64' ? 'aarch64' : 'x86_64';
  const filter = filterFor({ ...hostContext(DOCKER_CAPABILITIES), architecture: other });
  const { status, printed } = await run(print(1), loadSteps(filter), print(2));
  expect(printed).toEqual([1n]);
  expect(status).toMatchObject({ signal: SIG.SIGSYS });
});

describe('no_new_privs', needs('root', 'linux'), () => {
  const told = attempt('prctl', PR.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  const nobody = [call('setresuid', [65_534, 65_534, 65_534], { what: 'become nobody' })];

  test('is left alone for a process with CAP_SYS_ADMIN', async () => {
    expect((await underRules([], {}, told)).printed).toEqual([0n]);
  });

  test('is set for one without', async () => {
    const filter = compileFilter({ defaultAction: 'SCMP_ACT_ALLOW' }, architecture);
    expect((await run(nobody, loadSteps(filter), told)).printed).toEqual([1n]);
  });

  test('is not set when it must be kept: the filter is refused', async () => {
    const filter = compileFilter({ defaultAction: 'SCMP_ACT_ALLOW' }, architecture);
    const { status, printed } = await run(nobody, loadSteps(filter, { noNewPrivileges: 'keep' }), told);
    expect(printed).toEqual([]);
    expect(status).toEqual({ kind: 'exited', code: 111 });
  });
});
