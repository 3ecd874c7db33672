import { AT, ERRNO, O, syscall, type CallPurpose } from '@ns/syscall';

/** What the errnos of control files usually mean. */
const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'the parent cgroup does not allow it, or the file is not this user’s',
  EBUSY: 'the cgroup is in use: for a memory limit, more than that cannot be reclaimed',
  EINVAL: 'the value is out of range, or above what the parent cgroup has',
  ENODEV: 'the cgroup was removed, or there is no such device',
  ENOENT: 'the controller is not enabled in this cgroup, or the kernel was built without it',
  EPERM: 'root, or the owner of a delegated cgroup, can do this',
  EROFS: 'cgroups are mounted read-only here',
};

/**
 * Write values to a control file, one after the other: the one place where the package writes.
 *
 * @param expected - Errnos that are an answer: they are returned negated, and nothing is thrown.
 * @returns Zero, or a negated errno of `expected`, at which it ended.
 * @throws SyscallError that names file, value and reason.
 */
export function writeControls(
  path: string,
  values: readonly string[],
  expected: readonly number[] = [],
): number {
  const purposeOf = (value = ''): CallPurpose => ({
    what: `write ${JSON.stringify(value)} to ${path}`,
    path,
    hints: HINTS,
    expected,
  });
  const flags = O.O_WRONLY | O.O_CLOEXEC;
  const fd = syscall(purposeOf(values[0]), 'openat', AT.AT_FDCWD, path, flags, 0);
  if (fd < 0) return fd;
  try {
    for (const value of values) {
      // In one write(2): the kernel takes each call for a whole value.
      const bytes = Buffer.from(value);
      const result = syscall(purposeOf(value), 'write', fd, bytes, bytes.length);
      if (result < 0) return result;
    }
    return 0;
  } finally {
    close(fd);
  }
}

/** As {@link writeControls}, for one value. */
export const writeControl = (path: string, value: string, expected: readonly number[] = []): number =>
  writeControls(path, [value], expected);

/** The kernel gives at most a page or so at a time. One buffer for all, which costs its page faults once. */
let buffer: Buffer | undefined;
const BUFFER_SIZE = 65_536;

/**
 * Read a control file. `undefined` when there is none, or the cgroup is gone.
 *
 * @throws SyscallError EACCES; EOPNOTSUPP for the processes of a threaded cgroup, or a file of a controller that is off.
 */
export function readControlIfAny(path: string): string | undefined {
  return read(path, [ERRNO.ENOENT, ERRNO.ENODEV, ERRNO.ENOTDIR, ERRNO.EOPNOTSUPP]);
}

/** Read a control file. @throws SyscallError that names the file. */
export const readControl = (path: string): string => read(path, []) as string;

function read(path: string, expected: readonly number[]): string | undefined {
  const purpose: CallPurpose = { what: `read ${path}`, path, hints: HINTS, expected };
  const fd = syscall(purpose, 'openat', AT.AT_FDCWD, path, O.O_RDONLY | O.O_CLOEXEC, 0);
  if (fd < 0) return undefined;
  try {
    buffer ??= Buffer.alloc(BUFFER_SIZE);
    let text = '';
    for (;;) {
      const count = syscall(purpose, 'read', fd, buffer, BUFFER_SIZE);
      if (count < 0) return undefined;
      if (count === 0) return text;
      text += buffer.toString('latin1', 0, count);
      // A short text is whole: asking once more would only cost a call.
      if (count < 1024 && text.length === count && text.endsWith('\n')) return text;
    }
  } finally {
    close(fd);
  }
}

function close(fd: number): void {
  syscall('close a control file', 'close', fd);
}
