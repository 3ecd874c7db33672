import {
  AT,
  call,
  compile,
  cstr,
  exit,
  loadImage,
  O,
  pipe,
  readAll,
  scratch,
  slot,
  spawn,
  strings,
  waitPid,
  type Step,
} from '@ns/syscall';

/** The output of some steps, which must succeed. */
async function run(...steps: Step[]): Promise<string> {
  using program = loadImage(compile({ title: 'test', statusFd: 2, failureStatus: 111, steps }));
  using out = pipe();
  const pid = spawn(program.path, { argv: ['test'], fds: { 1: out.write.fd, 2: 2 } });
  out.write.close();
  const text = readAll(out.read.fd, 65_536).toString();
  let status = waitPid(pid);
  while (status === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    status = waitPid(pid);
  }
  if (status.kind !== 'exited' || status.code !== 0) throw new Error(`program: ${JSON.stringify(status)}`);
  return text;
}

/** The output of a command that was executed after some steps. */
export const output = (command: readonly string[], ...steps: Step[]): Promise<string> =>
  run(
    ...steps,
    call('execve', [cstr(command[0]!), strings(command), strings(['PATH=/usr/sbin:/usr/bin'])], {
      what: `run ${command[0]}`,
    }),
  );

/** What the kernel says of a process after some steps, before any execve. */
export function statusNow(...steps: Step[]): Promise<string> {
  const file = slot('status');
  const size = slot('size');
  const text = scratch(4096, 'text');
  return run(
    ...steps,
    call('openat', [AT.AT_FDCWD, cstr('/proc/self/status'), O.O_RDONLY, 0], { what: 'open', into: file }),
    call('read', [file, text, 4096], { what: 'read', into: size }),
    call('write', [1, text, size], { what: 'print' }),
    exit(0),
  );
}

/** As `nobody`, who is not root in any way. */
export const NOBODY = 65_534;
export const becomeNobody = (): Step =>
  call('setresuid', [NOBODY, NOBODY, NOBODY], { what: 'become nobody' });
