import { startError } from '@ns/execdriver/runtime';
import { NsError, SyscallError } from '@ns/errors';
import {
  compile,
  ERRNO,
  failsWith,
  failureOf,
  kill,
  loadImage,
  OwnedFd,
  pipe,
  POLL,
  readAvailable,
  receiveFds,
  SIG,
  socketPair,
  spawn,
  syscall,
  type Image,
  type Program,
} from '@ns/syscall';

import type { Descriptors } from './descriptors.js';
import { TOLD } from './hook-steps.js';

/** What a start program needs. */
export interface LaunchOptions {
  /** Starts the sentence of an error: `create`, `exec`. */
  readonly operation: string;
  readonly program: Program;
  readonly argv: readonly string[];
  readonly numbers: Descriptors;
  /** By the numbers of {@link Descriptors}, without `report` and `sync`. Not closed. */
  readonly fds: Readonly<Record<number, number>>;
  /** Our end of what the status descriptor leads to, non-blocking. Not closed. */
  readonly status: OwnedFd;
  /** Where the program goes when memory may not be executed. */
  readonly fallbackDirectory: string;
}

/** A process that a start program has made: a child of ours, on the way to its program. */
export interface Launched extends Disposable {
  readonly pid: number;
  readonly image: Image;
  readonly sync: OwnedFd;
}

/**
 * Spawn a start program, and return when it has made the process.
 *
 * @throws {@link NsError} `ERR_NS_STEP_FAILED` when it has not.
 */
export function launch(options: LaunchOptions): Launched {
  const { operation, program, argv, numbers, fds, status, fallbackDirectory } = options;
  const image = compile(program);
  using loaded = loadImage(image, { fallbackDirectory });
  using report = pipe();
  using sync = socketPair('seqpacket');
  const starter = spawn(loaded.path, {
    argv,
    fds: { ...fds, [numbers.report]: report.write.fd, [numbers.sync]: sync.right.fd },
  });
  // Our copies of its ends: without them, end-of-file means that nobody is left.
  report.write.close();
  sync.right.close();
  const record = readAvailable(report.read.fd, 4);
  collect(starter);
  if (record === undefined || record.length < 4) throw failure(operation, image, status);
  const ours = new OwnedFd(sync.left.take());
  return { pid: record.readUInt32LE(0), image, sync: ours, [Symbol.dispose]: () => ours.close() };
}

/** Wait for a child that has ended, or is about to. */
export function collect(pid: number): number | undefined {
  const status = Buffer.alloc(4);
  const gone = failsWith([ERRNO.ECHILD], () =>
    syscall(`wait for process ${pid}`, 'wait4', pid, status, 0, null),
  );
  return gone === undefined ? undefined : status.readUInt32LE(0);
}

/** End a process that we have made, whatever it is doing. */
export function endProcess(pid: number): void {
  failsWith([ERRNO.ESRCH], () => kill(pid, SIG.SIGKILL));
  collect(pid);
}

/** The error of a program that has told of one, or of one that was ended before. */
export function failure(
  operation: string,
  image: Pick<Image, 'program' | 'sites'>,
  status: OwnedFd,
): NsError {
  const record = readAvailable(status.fd, 8);
  if (record === undefined || record.length < 8) {
    return new NsError('ERR_NS_STEP_FAILED', {
      operation,
      message: 'the process was killed before the program ran',
      hint: 'a memory limit that is too small does that: look in the kernel log (dmesg)',
    });
  }
  return startError(operation, failureOf(image as Image, record));
}

/** The words by which engines know that the program was at fault: Docker and Podman exit with 126 and 127 for them. */
export function inCallersWords(error: unknown, command: string | undefined): unknown {
  if (!NsError.is(error) || command === undefined) return error;
  const errno = SyscallError.is(error.cause) ? error.cause : undefined;
  const words =
    error.code === 'ERR_NS_COMMAND_NOT_FOUND'
      ? command.includes('/')
        ? 'no such file or directory'
        : 'executable file not found in $PATH'
      : error.code === 'ERR_NS_COMMAND_NOT_EXECUTABLE'
        ? errno?.code === 'EACCES'
          ? 'permission denied'
          : errno?.code === 'ENOEXEC'
            ? 'exec format error'
            : error.message
        : undefined;
  if (words === undefined) return error;
  return new NsError(error.code, {
    operation: error.operation,
    message: `exec: ${JSON.stringify(command)}: ${words}`,
    hint: error.hint,
    path: command,
    cause: error.cause,
  });
}

/** What the creator does while the process is on its way. */
export interface Conversation {
  readonly operation: string;
  readonly launched: Launched;
  readonly status: OwnedFd;
  /** The namespaces and mounts are there, and the process waits. */
  readonly onHooks: () => Promise<void>;
  /** The listener of its seccomp filter. Not closed. */
  readonly onListener: (fd: number) => void;
}

/** Do what the process asks for, until it is created, or for one that is executed at once until it is. */
export async function converse({
  operation,
  launched,
  status,
  onHooks,
  onListener,
}: Conversation): Promise<'created' | 'gone'> {
  const { sync, image } = launched;
  for (;;) {
    waitReadable(sync.fd);
    const message = receiveFds(sync.fd);
    if (message === undefined) continue;
    const [listener] = message.fds;
    if (listener !== undefined) {
      using owned = listener;
      onListener(owned.fd);
      continue;
    }
    const letter = message.data.toString();
    if (letter === TOLD.created) return 'created';
    if (letter === TOLD.hooks) {
      await onHooks();
      answer(launched);
      continue;
    }
    const record = readAvailable(status.fd, 8);
    if (record === undefined || record.length === 0) return 'gone';
    throw startError(operation, failureOf(image, record));
  }
}

/** Let the process go on. */
export function answer({ sync }: Launched): void {
  // When it has ended meanwhile, the next look at the socket says so.
  failsWith([ERRNO.EPIPE], () =>
    syscall('let the process go on', 'sendto', sync.fd, Buffer.alloc(1), 1, 0x4000, 0, 0),
  );
}

/** Wait until a descriptor can be read, or its other ends are gone. */
export function waitReadable(fd: number): void {
  const poll = Buffer.alloc(8);
  poll.writeInt32LE(fd, 0);
  poll.writeInt16LE(POLL.POLLIN, 4);
  failsWith([ERRNO.EINTR], () => syscall(`wait for descriptor ${fd}`, 'ppoll', poll, 1, null, null, 0));
}
