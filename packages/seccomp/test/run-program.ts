import {
  call,
  compile,
  loadImage,
  pipe,
  readAll,
  scratch,
  slot,
  spawn,
  store,
  waitPid,
  type Operand,
  type Step,
  type SyscallName,
  type WaitStatus,
} from '@ns/syscall';

/** What became of a program: how it ended, and the values that it printed. */
export interface Ended {
  readonly status: WaitStatus;
  readonly printed: readonly bigint[];
}

const LONGEST = 65_536;

/** Runs a program to its end. */
export async function run(...steps: readonly (Step | readonly Step[])[]): Promise<Ended> {
  using program = loadImage(compile({ title: 'test', statusFd: 3, failureStatus: 111, steps: steps.flat() }));
  using out = pipe();
  const pid = spawn(program.path, { argv: ['test'], fds: { 1: out.write.fd, 2: 2 } });
  out.write.close();
  const text = Buffer.from(readAll(out.read.fd, LONGEST));
  let status = waitPid(pid);
  while (status === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    status = waitPid(pid);
  }
  const printed = Array.from({ length: text.length / 8 }, (_, index) => text.readBigInt64LE(index * 8));
  return { status, printed };
}

/** Prints a value. */
export function print(value: Operand): Step[] {
  const space = scratch(8, 'printed');
  return [store(value, space, 0, 8), call('write', [1, space, 8], { what: 'print' })];
}

/** Makes a call and prints what it answered: the result, or the negative errno. */
export function attempt(name: SyscallName, ...args: Operand[]): Step[] {
  const answer = slot(name);
  return [call(name, args, { what: `try ${name}`, into: answer, tolerate: 'any' }), ...print(answer)];
}
