import { describe, expect, test } from 'vitest';

import { AT, CLONE, MS, O, SIG } from '../uapi/index.js';
import { explain, explainJson } from './explain.js';
import * as ir from './ir.js';

const pid = ir.slot('pid');
const root = ir.slot('root');
const status = ir.scratch(4, 'status');
const code = ir.slot('code');
const args = ir.struct([
  ['flags', 8, CLONE.CLONE_NEWNS | CLONE.CLONE_NEWPID, 'CLONE_NEWNS|CLONE_NEWPID'],
  ['exit_signal', 8, SIG.SIGCHLD, 'SIGCHLD'],
]);

const program: ir.Program = {
  title: 'Run sh in box',
  statusFd: 3,
  failureStatus: 125,
  steps: [
    ir.group(
      'Namespaces',
      ir.clone({
        what: 'start a process in new mount and pid namespaces',
        args,
        into: pid,
        child: [
          ir.group(
            'Root file system',
            ir.call('mount', [0, ir.cstr('/'), 0, MS.MS_REC | MS.MS_SLAVE, 0], {
              what: 'keep mounts to ourselves',
            }),
            ir.call('openat', [AT.AT_FDCWD, ir.cstr('/box'), O.O_PATH, 0], {
              what: 'open the root /box',
              into: root,
              on: [
                ir.on(
                  ['ENOENT', 'ENOTDIR'],
                  ir.call('openat', [AT.AT_FDCWD, ir.cstr('/'), O.O_PATH, 0], { what: 'open /', into: root }),
                ),
              ],
            }),
            ir.group(
              'Links',
              ir.call('symlinkat', [ir.cstr('/proc/self/fd'), root, ir.cstr('dev/fd')], {
                what: 'link /dev/fd',
                tolerate: ['EEXIST'],
              }),
            ),
            ir.call('fchdir', [root], { what: 'enter it', tolerate: ['EACCES', 'EPERM'] }),
            ir.when([root, '<', 3], [ir.fail('EBADF', { what: 'check the root' })]),
          ),
          ir.call(
            'execve',
            [
              ir.cstr('/bin/sh'),
              ir.strings(['sh', '-c', 'exit, please; "now"']),
              ir.strings(['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root']),
            ],
            {
              what: 'run /bin/sh',
            },
          ),
        ],
      }),
    ),
    ir.group(
      'Wait',
      ir.loop(
        ir.call('wait4', [pid, status, 0, 0], {
          what: 'wait for it',
          on: [ir.on(['EINTR'], ir.again), ir.on('any', ir.leave)],
        }),
        ir.leave,
      ),
      ir.load(code, status, 1, 1, true),
      ir.when([code, '!=', 0], [ir.compute(code, code, '&', 0x7f)], [ir.set(code, -1)]),
      ir.store(code, status, 0, 4),
      ir.call('write', [3, status, 4], { what: 'tell it', tolerate: 'any' }),
      ir.exit(code),
    ),
  ],
};

const EXPECTED = `Run sh in box (10 system calls)

    Namespaces
 1    start a process in new mount and pid namespaces
        clone3({flags: CLONE_NEWNS|CLONE_NEWPID, exit_signal: SIGCHLD}, 16) → pid
        in the child:

          Root file system
 2          keep mounts to ourselves
              mount(NULL, "/", NULL, MS_REC|MS_SLAVE, NULL)
 3          open the root /box
              openat(AT_FDCWD, "/box", O_PATH, 0) → root
              if it fails with ENOENT or ENOTDIR:
 4              open /
                  openat(AT_FDCWD, "/", O_PATH, 0) → root

            Links
 5            link /dev/fd
                symlinkat("/proc/self/fd", root, "dev/fd")  (EEXIST is fine)

 6          enter it
              fchdir(root)  (EACCES, EPERM are fine)
            if root < 3:
              give up: check the root (EBADF)

 7        run /bin/sh
            execve("/bin/sh", ["sh", "-c", "exit, please; \\"now\\""],
              ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"])

    Wait
      repeat:
 8      wait for it
          wait4(pid, <status, 4 bytes>, 0, NULL)
          if it fails with EINTR:
            start the loop again
          if it fails in another way:
            leave the loop
        leave the loop
      code = i8 at <status, 4 bytes> + 1
      if code != 0:
        code = code & 0x7f
      otherwise:
        code = -1
      u32 at <status, 4 bytes> = code
 9    tell it
        write(3, <status, 4 bytes>, 4)  (may fail)
10    exit
        exit_group(code)
`;

const small = (...steps: readonly ir.Step[]): ir.Program => ({ ...program, title: 'Test', steps });
const close = (what: string): ir.Step => ir.call('close', [3], { what });

describe('explain', () => {
  test('prints a program as one reads it', () => {
    expect(explain(program)).toBe(EXPECTED);
  });

  test('prints steps outside groups, and programs without any', () => {
    expect(explain(small(close('close it')))).toBe('Test (1 system call)\n\n1  close it\n     close(3)\n');
    expect(explain(small())).toBe('Test (0 system calls)\n');
  });

  test('colours headings, numbers, calls and branches, and nothing else', () => {
    const text = explain(
      small(ir.group('Group', ir.when([1, '<', 2], [close('close it')]), ir.set(code, 1))),
      { color: true },
    );
    expect(text.replaceAll('\u001b', '^')).toBe(
      [
        '^[1mTest^[0m (1 system call)',
        '',
        '   ^[1mGroup^[0m',
        '     ^[33mif 1 < 2:^[0m',
        '^[36m1^[0m      close it',
        '         ^[2mclose(3)^[0m',
        '     code = 1',
        '',
      ].join('\n'),
    );
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expect(explain(program, { color: true }).replaceAll(/\u001b\[\d+m/g, '')).toBe(EXPECTED);
  });

  test('lets no name play with the terminal', () => {
    const evil = 'a\u001b[2J\u009b1m\r\n\u007f';
    const text = explain({
      ...small(
        ir.group(
          evil,
          ir.call('chdir', [ir.cstr(evil)], { what: `enter ${evil}` }),
          ir.set(ir.slot(evil), 1),
        ),
      ),
      title: evil,
    });
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(text).toContain(String.raw`enter a\x1b[2J\x9b1m\x0d\x0a\x7f`);
  });

  test('breaks long calls between arguments, and cuts long arguments', () => {
    const words = Array.from({ length: 100 }, (_, index) => `word ${index}, or "${index}"`);
    const text = explain(
      small(
        ir.call('execve', [ir.cstr('/' + 'x'.repeat(300)), ir.strings(words), ir.strings([])], {
          what: 'run it',
        }),
        ir.call('chdir', [ir.cstr('/' + 'y'.repeat(300))], { what: 'enter it' }),
      ),
    );
    expect(text).toBe(
      [
        'Test (2 system calls)',
        '',
        '1  run it',
        `     execve("/${'x'.repeat(196)}"…,`,
        String.raw`       ["word 0, or \"0\"", "word 1, or \"1\"", "word 2, or \"2\"", "word 3, or \"3\"", "word 4, or \"4\"",`,
        String.raw`       "word 5, or \"5\"", "word 6, or \"6\"", "word 7, or \"7\"", "word 8, or \"8\"", "word 9, or \"9\"",`,
        '       … 100 in all], [])',
        '2  enter it',
        `     chdir("/${'y'.repeat(196)}"…)`,
        '',
      ].join('\n'),
    );
  });
});

describe('explainJson', () => {
  const lines = explainJson(program);

  test('numbers the calls as explain does', () => {
    const numbered = lines.filter(({ number }) => number !== null);
    expect(numbered.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const { number, what } of numbered)
      expect(EXPECTED).toMatch(new RegExp(`^ ?${number} +${what}$`, 'm'));
  });

  test('has one line for each that explain prints', () => {
    const printed = EXPECTED.split('\n').filter((line) => line !== '' && !/^\s+(?:\w+\(|\["PATH)/.test(line));
    expect(lines.map(({ what }) => what)).toEqual(
      printed.slice(1).map((line) => line.replace(/^[\s\d]+/, '')),
    );
  });

  test('says all about a call', () => {
    expect(lines.find(({ syscall }) => syscall === 'symlinkat')).toEqual({
      number: 5,
      op: 'call',
      depth: 5,
      group: ['Namespaces', 'Root file system', 'Links'],
      what: 'link /dev/fd',
      syscall: 'symlinkat',
      args: ['"/proc/self/fd"', 'root', '"dev/fd"'],
      into: null,
      tolerates: ['EEXIST'],
    });
    expect(lines.find(({ syscall }) => syscall === 'clone3')).toMatchObject({
      op: 'clone',
      args: ['{flags: CLONE_NEWNS|CLONE_NEWPID, exit_signal: SIGCHLD}', '16'],
      into: 'pid',
    });
    expect(lines.find(({ what }) => what === 'tell it')?.tolerates).toEqual(['any']);
  });

  test('has arguments in full', () => {
    const path = '/' + 'x'.repeat(5000);
    const [line] = explainJson(small(ir.call('chdir', [ir.cstr(path)], { what: 'enter it' })));
    expect(line?.args).toEqual([JSON.stringify(path)]);
  });

  test('survives JSON', () => {
    expect(JSON.parse(JSON.stringify(lines))).toEqual(lines);
  });
});
