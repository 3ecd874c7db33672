import { call, cstr, leave, loop, on, scratch, slot, O, type Slot, type Step } from '@ns/syscall';
import { needs } from '@ns/testing';
import { expect, describe, test } from 'vitest';

import { bindConsole, openContainerPts, openTerminal, receiveTerminal, useTerminal } from '../src/index.js';
import { Scratch } from './busybox-root.js';
import { runContainer, type ContainerOptions, type Outcome } from './container.js';

const able = needs('linux', 'root', 'busybox');

/** In the monitor: copy what the terminal says to standard output, until its last user is gone. */
function copyOut(master: Slot): readonly Step[] {
  const buffer = scratch(4096, 'buffer');
  const length = slot('length');
  return [
    loop(
      // A terminal without users answers EIO.
      call('read', [master, buffer, 4096], {
        what: 'read the terminal',
        into: length,
        on: [on(['EIO'], leave)],
      }),
      call('write', [1, buffer, length], { what: 'copy' }),
    ),
  ];
}

/** A container with a terminal of 40 rows and 132 columns. */
function run(
  script: string,
  options: Partial<ContainerOptions> & { owner?: number; input?: string } = {},
): Outcome {
  using scratchDirectory = new Scratch();
  const terminal = slot('terminal');
  const master = slot('master');
  const second = slot('second master');
  const { owner, input, ...rest } = options;
  return runContainer({
    root: scratchDirectory.root(),
    script,
    parts: ({ own, socket, monitor }) => ({
      init: [
        ...openTerminal({
          pts: own.pts,
          size: { rows: 40, columns: 132 },
          sockets: [socket, socket],
          into: terminal,
        }),
        ...bindConsole({ terminal, dev: own.dev }),
      ],
      inside: useTerminal({ terminal, ...(owner === undefined ? {} : { owner }) }),
      monitor: [
        ...receiveTerminal({ socket: monitor, into: master, closed: [leave] }),
        ...receiveTerminal({ socket: monitor, into: second, closed: [leave] }),
        call('close', [master], { what: 'the first of two descriptors of the same master' }),
        ...(input === undefined
          ? []
          : [
              // The program says that it is ready first.
              call('read', [second, scratch(64, 'ready'), 64], { what: 'wait' }),
              call('write', [second, cstr(input), input.length], { what: 'type' }),
            ]),
        ...copyOut(second),
      ],
    }),
    ...rest,
  });
}

describe('a terminal', able, () => {
  test("is the container's own, with the first size, and controls the session", () => {
    const { stdout, failure } = run(
      'tty; stty size; stat -c "%t:%T" /dev/pts/0 /dev/console; echo to-tty > /dev/tty; echo err >&2',
    );
    expect(failure).toBeUndefined();
    expect(stdout.replaceAll('\r', '')).toBe('/dev/pts/0\n40 132\n88:0\n88:0\nto-tty\nerr\n');
  });

  test('is private to the container', () => {
    expect(run('ls /dev/pts').stdout.replaceAll('\r', '')).toBe('0     ptmx\n');
  });

  test('belongs to the user of the program and to the group of terminals', () => {
    expect(run('stat -c "%u %g %a" /dev/pts/0', { owner: 1000 }).stdout.trim()).toBe('1000 5 620');
  });

  test('sends the interrupt character as a signal', () => {
    const { stdout } = run('trap "echo caught; exit 3" INT; echo ready; while :; do sleep 0.05; done', {
      input: '\u0003',
    });
    expect(stdout).toContain('caught');
  });

  test('works in a user namespace', () => {
    const map = [{ inside: 0, outside: 0, length: 65_536 }];
    const { stdout, failure } = run('tty; test -c /dev/console && echo console', {
      namespaces: { user: 'new' },
      uidMap: map,
      gidMap: map,
    });
    expect(failure).toBeUndefined();
    expect(stdout.replaceAll('\r', '')).toBe('/dev/pts/0\nconsole\n');
  });
});

describe('the devpts of a container that is joined', able, () => {
  /** As `docker exec -t` does it, in a container that had its way with /dev/pts first. */
  function look(spoil: readonly Step[] = []): Outcome {
    using scratchDirectory = new Scratch();
    const pts = slot('pts');
    const ptmx = slot('ptmx');
    return runContainer({
      root: scratchDirectory.root(),
      script: 'echo fine',
      parts: () => ({
        inside: [
          ...spoil,
          ...openContainerPts({ into: pts }),
          call('openat', [pts, cstr('ptmx'), O.O_RDWR | O.O_CLOEXEC, 0], { what: 'open it', into: ptmx }),
        ],
      }),
    });
  }

  test('is opened', () => {
    expect(look().stdout).toBe('fine\n');
  });

  test('is refused when something else lies there', () => {
    const tmpfs = call('mount', [cstr('x'), cstr('/dev/pts'), cstr('tmpfs'), 0, 0], { what: 'cover' });
    expect(look([tmpfs]).failure?.error).toMatchObject({ code: 'ENODEV', path: '/dev/pts' });
  });

  test('is refused when it is a link', () => {
    const spoil = [
      call('umount2', [cstr('/dev/pts'), 2], { what: 'uncover' }),
      call('unlinkat', [-100, cstr('/dev/pts'), 0x200], { what: 'remove' }),
      call('symlinkat', [cstr('/proc/self/fd'), -100, cstr('/dev/pts')], { what: 'link' }),
    ];
    expect(look(spoil).failure?.error.code).toBe('ELOOP');
  });
});

test('a terminal needs nothing of the master inside', able, () => {
  // No descriptor of the master reaches the program: a hang-up would not be seen.
  const { stdout } = run('for f in /proc/self/fd/*; do readlink $f; done', {});
  expect(stdout).not.toContain('ptmx');
});
