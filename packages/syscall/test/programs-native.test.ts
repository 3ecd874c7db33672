import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { compile, nativeArchitecture } from '../src/program/compile.js';
import { countSteps, injectFault } from '../src/program/fault.js';
import * as ir from '../src/program/ir.js';
import { SYSCALLS } from '../src/program/syscalls.js';
import { BPF, CLONE, ERRNO, PR, SECCOMP, SECCOMP_RET, SIG } from '../src/uapi/index.js';
import { FAILURE_STATUS, open, print, program, run, slots, values } from './run-program.js';

// What follows needs the kernel itself: qemu-user has neither clone3 nor seccomp, and maps of its own.
describe('programs on this machine', needs('linux'), () => {
  const go = (...steps: readonly (ir.Step | readonly ir.Step[])[]): ReturnType<typeof run> =>
    run(program(...steps), nativeArchitecture());

  test('no memory of a running program is both writable and executable', () => {
    const space = ir.scratch(4096, 'maps');
    const { fd, got } = slots('fd', 'got');
    const outcome = go(
      open('/proc/self/maps', { into: fd }),
      ir.loop(
        ir.call('read', [fd, space, 4096], { what: 'read the maps', into: got }),
        ir.when([got, '==', 0], [ir.leave]),
        ir.call('write', [1, space, got], { what: 'print them' }),
      ),
    );
    const lines = outcome.stdout.toString().trim().split('\n');
    const modes = lines.map((line) => line.split(' ')[1]!);
    expect(modes.filter((mode) => mode.includes('w') && mode.includes('x'))).toEqual([]);
    const at = (address: string): string | undefined =>
      lines.find((line) => line.startsWith(address))?.split(' ')[1];
    expect([at('00400000-'), at('00500000-')]).toEqual(['r-xp', 'rw-p']);
  });

  /** Starts a child with clone3 flags, and waits until it has ended; its wait status is in `status`. */
  const child = (flags: number, status: ir.Slot, ...steps: readonly ir.Step[]): ir.Step[] => {
    const pid = ir.slot('pid');
    const word = ir.scratch(4, 'status');
    const args = ir.struct([
      ['flags', 8, flags],
      ['pidfd', 8, 0],
      ['child_tid', 8, 0],
      ['parent_tid', 8, 0],
      ['exit_signal', 8, SIG.SIGCHLD],
      ['stack', 8, 0],
      ['stack_size', 8, 0],
      ['tls', 8, 0],
    ]);
    return [
      ir.clone({ what: 'start a child', args, into: pid, child: steps }),
      ir.call('wait4', [pid, word, 0, 0], { what: 'wait for it' }),
      ir.load(status, word, 0, 4),
    ];
  };

  test('a child of clone(2) has its own steps, memory and exit status', () => {
    const { pid, x } = slots('pid', 'x');
    const word = ir.scratch(4, 'status');
    const outcome = go(
      ir.set(x, 1),
      ir.clone({ what: 'start a child', args: 0, into: pid, child: [ir.set(x, 42), ir.exit(x)] }),
      ir.call('wait4', [pid, word, 0, 0], { what: 'wait for it' }),
      ir.load(pid, word, 1, 1),
      ir.compute(x, x, '+', pid),
      ir.exit(x),
    );
    expect(outcome.status).toBe(43);
  });

  test('a child has its own steps, variables and exit status', () => {
    const { status, x } = slots('status', 'x');
    const outcome = go(
      ir.set(x, 1),
      child(0, status, ir.when([x, '==', 1], [ir.set(x, 42), ir.exit(x)]), ir.exit(1)),
      print(status, x),
      // One that runs off its end, with a child of its own.
      child(0, status, ...child(0, x, ir.exit(5)), ...print(x)),
      print(status),
      child(
        0,
        status,
        ir.call('kill', [0, 0], { what: 'find the group' }),
        ir.loop(
          ir.call('getpid', [], { what: 'wait', into: x }),
          ir.call('kill', [x, SIG.SIGKILL], { what: 'kill myself' }),
        ),
      ),
      print(status),
    );
    expect(values(outcome)).toEqual([42n << 8n, 1n, 5n << 8n, 0n, BigInt(SIG.SIGKILL)]);
    expect(outcome.status).toBe(0);
  });

  test('a failure of a child is reported as its own step', () => {
    const { status } = slots('status');
    const step = open('/no/such/file');
    const outcome = go(child(0, status, step), print(status));
    expect(outcome.failure?.step).toBe(step);
    expect(values(outcome)).toEqual([BigInt(FAILURE_STATUS << 8)]);
    expect(outcome.status).toBe(0);
  });

  test('a child that shares memory with its waiting parent does not disturb it', () => {
    const { status, fd } = slots('status', 'fd');
    const outcome = go(
      child(
        CLONE.CLONE_VM | CLONE.CLONE_VFORK,
        status,
        open('/dev/null', { into: fd }),
        open('/no/such/file', { into: fd, tolerate: 'any' }),
        ir.exit(9),
      ),
      print(status, fd),
    );
    expect(values(outcome)).toEqual([9n << 8n, -2n]);
  });

  test('the code of children can be given back when they are made', () => {
    const { status, fd, got, failed } = slots('status', 'fd', 'got', 'failed');
    const space = ir.scratch(4096, 'maps');
    const many = Array.from({ length: 2000 }, () => open('/dev/null', { into: fd, tolerate: 'any' }));
    const last = open('/no/such/file');
    const outcome = go(
      child(0, status, ...many, ir.exit(4)),
      ir.forgetChildren,
      open('/proc/self/maps', { into: fd }),
      ir.loop(
        ir.call('read', [fd, space, 4096], { what: 'read the maps', into: got }),
        ir.when([got, '==', 0], [ir.leave]),
        ir.call('write', [1, space, got], { what: 'print them' }),
      ),
      // It can be said again, and handlers and failures are still there.
      ir.forgetChildren,
      open('/no/such/file', { into: failed, tolerate: ['ENOENT'] }),
      ir.when([status, '!=', 4 << 8], [ir.exit(1)]),
      ir.when([failed, '==', -2], [last]),
    );
    const [start, end] = /^([0-9a-f]+)-([0-9a-f]+) r-xp/m.exec(outcome.stdout.toString())!.slice(1);
    expect(start).toBe('00400000');
    expect(Number(`0x${end}`) - Number(`0x${start}`)).toBeLessThanOrEqual(64 * 1024);
    expect(outcome.failure?.step).toBe(last);
  });

  test('a clone that is refused is reported', () => {
    const { pid } = slots('pid');
    // CLONE_FS and CLONE_NEWNS exclude each other.
    const args = ir.struct([
      ['flags', 8, CLONE.CLONE_NEWNS | CLONE.CLONE_FS],
      ...Array.from({ length: 7 }, (): ir.Field => ['', 8, 0]),
    ]);
    const step = ir.clone({ what: 'start a child', args, into: pid, child: [] });
    const outcome = go(step);
    expect(outcome.failure?.step).toBe(step);
    expect(outcome.failure?.error).toMatchObject({ code: 'EINVAL', syscall: 'clone3' });
  });

  /** From here on getppid answers an errno: a way to see any errno there is. */
  const refuse = (errno: number): ir.Step[] => {
    const { BPF_LD, BPF_W, BPF_ABS, BPF_JMP, BPF_JEQ, BPF_K, BPF_RET } = BPF;
    const filter = [
      [BPF_LD | BPF_W | BPF_ABS, 0, 0, 0],
      [BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYSCALLS.getppid[nativeArchitecture()]],
      [BPF_RET | BPF_K, 0, 0, SECCOMP_RET.SECCOMP_RET_ERRNO | errno],
      [BPF_RET | BPF_K, 0, 0, SECCOMP_RET.SECCOMP_RET_ALLOW],
    ] as const;
    const code = ir.struct(
      filter.flatMap(([operation, yes, no, k]): ir.Field[] => [
        ['code', 2, operation],
        ['jt', 1, yes],
        ['jf', 1, no],
        ['k', 4, k],
      ]),
    );
    const filters = ir.struct([
      ['len', 2, filter.length],
      ['', 2, 0],
      ['', 4, 0],
      ['filter', 8, code],
    ]);
    return [
      ir.call('prctl', [PR.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], { what: 'give up privileges' }),
      ir.call('seccomp', [SECCOMP.SECCOMP_SET_MODE_FILTER, 0, filters], { what: 'refuse getppid' }),
    ];
  };
  const parent = (options: Partial<ir.CallOptions>): ir.Step =>
    ir.call('getppid', [], { what: 'ask for the parent', ...options });

  test.each(['EPERM', 'EKEYREVOKED', 'EKEYREJECTED', 'EHWPOISON'] as const)('a handler for %s', (name) => {
    const { pid, which } = slots('pid', 'which');
    const others = ['ENOENT', 'EKEYEXPIRED', 'EOWNERDEAD'];
    const outcome = go(
      refuse(ERRNO[name]),
      parent({ into: pid, on: [ir.on(others, ir.set(which, 1)), ir.on([name], ir.set(which, 2))] }),
      print(pid, which),
      parent({ into: pid, on: [ir.on(others, ir.set(which, 3)), ir.on('any', ir.set(which, 4))] }),
      print(pid, which),
      parent({ on: [ir.on(others, ir.set(which, 5))] }),
    );
    const errno = BigInt(-ERRNO[name]);
    expect(values(outcome)).toEqual([errno, 2n, errno, 4n]);
    expect(outcome.failure?.error).toMatchObject({ code: name, syscall: 'getppid' });
  });

  test('the largest errno is one, and the record tells it', () => {
    const outcome = go(refuse(4095), parent({ on: [ir.on(['EPERM'])] }));
    expect(outcome.failure?.error).toMatchObject({ errno: 4095, code: 'errno 4095' });
  });

  test('a large result is no errno', () => {
    const { file, address } = slots('file', 'address');
    // The highest address that a process can have reads as a positive number; results just below the errnos do not exist.
    const outcome = go(
      ir.call('memfd_create', [ir.cstr('large'), 0], { what: 'make a file', into: file }),
      ir.call('lseek', [file, 2n ** 62n, 0], {
        what: 'seek far',
        into: address,
        on: [ir.on('any', ir.exit(1))],
      }),
      print(address),
    );
    expect(values(outcome)).toEqual([2n ** 62n]);
  });

  test('10 MiB of arguments are compiled at once and refused by the kernel, in one line', () => {
    const args = ['true', ...Array.from({ length: 80 }, (_, index) => String(index % 10).repeat(128 * 1024))];
    const start = performance.now();
    const step = ir.call('execve', [ir.cstr('/bin/true'), ir.strings(args), ir.strings([])], {
      what: 'run /bin/true',
    });
    const image = compile(program(step));
    const took = performance.now() - start;
    expect(image.elf.length).toBeGreaterThan(10 * 1024 * 1024);
    // Half a second at most on a machine with time; what must not be is a time that grows with the square.
    expect(took).toBeLessThan(5000);
    const { failure } = go(step);
    expect(failure?.error.message).toBe('run /bin/true: E2BIG (Argument list too long)');
    expect(failure?.error.args!.length).toBeLessThan(700);
  });

  test('every call of a program can be made to fail', () => {
    const { fd, status } = slots('fd', 'status');
    const what = program(
      open('/dev/null', { into: fd }),
      ir.call('close', [fd], { what: 'close it' }),
      child(0, status, open('/dev/zero'), open('/no/such/file', { tolerate: ['ENOENT'] })),
      ir.when([status, '!=', 0], [ir.exit(4)]),
      ir.exit(0),
    );
    const seen = Array.from({ length: countSteps(what) }, (_, index) => {
      const { status: code, failure } = run(injectFault(what, index, 'ENOMEM'), nativeArchitecture());
      return `${failure?.error.syscall} ${failure?.error.code} ${code}`;
    });
    expect(seen).toEqual([
      'openat ENOMEM 111',
      'close ENOMEM 111',
      'clone3 ENOMEM 111',
      // In the child: its parent goes on, and sees the status.
      'openat ENOMEM 4',
      'openat ENOMEM 4',
      'wait4 ENOMEM 111',
      'undefined undefined 0',
      'exit_group ENOMEM 111',
    ]);
  });
});
