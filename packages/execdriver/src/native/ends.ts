import { O, openat2, OwnedFd, pipe, socketPair } from '@ns/syscall';

import type { ProcessSpec, Stdio } from '../contract.js';
import { DESCRIPTOR } from './descriptors.js';
import type { OurEnds } from './session.js';

/** The descriptors of a process to be started: what its monitor gets, and what stays here. */
export interface PreparedEnds extends Disposable {
  /** By the numbers of {@link DESCRIPTOR}. */
  readonly fds: Readonly<Record<number, number>>;
  readonly ours: OurEnds;
  /** Where the terminal's master will arrive. */
  readonly console: OwnedFd | undefined;
}

const STREAMS = [
  { name: 'stdin', child: DESCRIPTOR.stdin, held: DESCRIPTOR.heldStdin },
  { name: 'stdout', child: DESCRIPTOR.stdout, held: DESCRIPTOR.heldStdout },
  { name: 'stderr', child: DESCRIPTOR.stderr, held: DESCRIPTOR.heldStderr },
] as const;

export const DEFAULT_STDIO: readonly [Stdio, Stdio, Stdio] = ['pipe', 'pipe', 'pipe'];

/**
 * Make the pipes of a process, or the socket for its terminal.
 *
 * @param hold - The monitor keeps a copy of our ends, so that the process outlives us undisturbed.
 */
export function prepareEnds(process: ProcessSpec, hold: boolean): PreparedEnds {
  const theirs: OwnedFd[] = [];
  const fds: Record<number, number> = {};
  const give = (number: number, fd: OwnedFd): void => {
    theirs.push(fd);
    fds[number] = fd.fd;
  };
  const release = (): void => {
    for (const fd of theirs) fd.close();
  };
  let nothing: OwnedFd | undefined;
  const devNull = (): OwnedFd => {
    if (nothing === undefined) theirs.push((nothing = openat2('/dev/null', { flags: O.O_RDWR })));
    return nothing;
  };
  if (process.terminal !== undefined) {
    // Until the terminal takes their place: what the program opens must not.
    for (const { child } of STREAMS) fds[child] = devNull().fd;
    const sockets = socketPair();
    give(DESCRIPTOR.console, sockets.right);
    return { fds, ours: {}, console: sockets.left, [Symbol.dispose]: release };
  }
  const ours: { stdin?: OwnedFd; stdout?: OwnedFd; stderr?: OwnedFd } = {};
  for (const [index, { name, child, held }] of STREAMS.entries()) {
    const stdio = (process.stdio ?? DEFAULT_STDIO)[index]!;
    if (stdio === 'null') fds[child] = devNull().fd;
    else if (stdio !== 'pipe') fds[child] = stdio.fd;
    else {
      const ends = pipe();
      const [their, our] = name === 'stdin' ? [ends.read, ends.write] : [ends.write, ends.read];
      give(child, their);
      ours[name] = our;
      if (hold) fds[held] = our.fd;
    }
  }
  return { fds, ours, console: undefined, [Symbol.dispose]: release };
}

/** Close what was prepared for nothing. */
export function abandonEnds(ends: PreparedEnds): void {
  ends.ours.stdin?.close();
  ends.ours.stdout?.close();
  ends.ours.stderr?.close();
  ends.ours.master?.close();
  ends.console?.close();
}
