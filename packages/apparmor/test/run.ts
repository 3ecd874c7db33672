import {
  AT,
  call,
  compile,
  cstr,
  failureOf,
  FAILURE_RECORD_SIZE,
  loadImage,
  O,
  pipe,
  readAll,
  slot,
  spawn,
  strings,
  waitPid,
} from '@ns/syscall';
import type { Slot, Step, WaitStatus } from '@ns/syscall';

import { changeProfileOnExec } from '../src/index.js';

/** How a program ended. */
export interface Ended {
  readonly status: WaitStatus;
  /** Its standard output and error. */
  readonly output: string;
  /** The step that failed, as text. */
  readonly failure: string | undefined;
}

export async function ended(pid: number): Promise<WaitStatus> {
  for (;;) {
    const status = waitPid(pid);
    if (status !== undefined) return status;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Steps that open a directory. */
export const openDirectory = (path: string, into: Slot): Step =>
  call('openat', [AT.AT_FDCWD, cstr(path), O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC, 0], {
    what: `open ${path}`,
    into,
  });

const shell = (script: string): Step =>
  call(
    'execve',
    [cstr('/bin/bash'), strings(['bash', '-c', script]), strings(['PATH=/usr/sbin:/usr/bin:/sbin:/bin'])],
    {
      what: 'run bash',
    },
  );

/** Runs steps to their end. */
export async function run(...steps: readonly Step[]): Promise<Ended> {
  const image = compile({ title: 'test', statusFd: 3, failureStatus: 111, steps });
  using program = loadImage(image);
  using out = pipe();
  using status = pipe();
  const fds = { 1: out.write.fd, 2: out.write.fd, 3: status.write.fd };
  // The status descriptor must not reach the program: what it starts in the background would hold it.
  const pid = spawn(program.path, { argv: ['test'], fds });
  out.write.close();
  status.write.close();
  const record = readAll(status.read.fd, 64);
  const output = readAll(out.read.fd, 1 << 20).toString();
  const failure = record.length === 0 ? undefined : failureOf(image, record.subarray(0, FAILURE_RECORD_SIZE));
  return { status: await ended(pid), output, failure: failure?.error.message };
}

/** The steps that put what follows under a profile; none for undefined. */
export function under(profile: string | undefined): Step[] {
  if (profile === undefined) return [];
  const proc = slot('proc');
  return [openDirectory('/proc', proc), ...changeProfileOnExec({ profile, proc })];
}

/** Runs a bash script under a profile. */
export async function bash(profile: string | undefined, script: string, ...before: Step[]): Promise<Ended> {
  return await run(...before, ...under(profile), shell(script));
}

/** A process that stays until {@link Staying.end}. */
export interface Staying extends AsyncDisposable {
  readonly pid: number;
}

/** Starts `sleep` under a profile, and returns when it runs. */
export async function stay(profile: string | undefined): Promise<Staying> {
  using program = loadImage(
    compile({
      title: 'test',
      statusFd: 9,
      failureStatus: 111,
      steps: [...under(profile), shell('echo up; exec sleep 600 >&- 2>&-')],
    }),
  );
  using out = pipe();
  const pid = spawn(program.path, { argv: ['test'], fds: { 1: out.write.fd, 2: out.write.fd } });
  out.write.close();
  if (readAll(out.read.fd, 4096).toString() !== 'up\n') throw new Error(`under ${profile}: not up`);
  return {
    pid,
    async [Symbol.asyncDispose]() {
      process.kill(pid, 'SIGKILL');
      await ended(pid);
    },
  };
}
