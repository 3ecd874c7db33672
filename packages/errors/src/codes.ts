/**
 * Every code an {@link NsError} can carry, with what it means.
 *
 * A code that is thrown and not listed here, or listed and never thrown, fails a test.
 */
export const CODES = {
  ERR_NS_INVALID_ARGUMENT: 'an argument, option or request is malformed or impossible; nothing was created',
  ERR_NS_STEP_FAILED: 'a step of a syscall program was refused by the kernel; `cause` is the SyscallError',
  ERR_NS_PROGRAM: 'a syscall program cannot be compiled or loaded as it stands',
  ERR_NS_UNSUPPORTED: 'the kernel, the machine or the chosen driver cannot do what was asked',
  ERR_NS_NOT_FOUND: 'the named container, image, file or user does not exist',
  ERR_NS_CONFLICT: 'the name is taken, or the object is in use or in the wrong state',
  ERR_NS_COMMAND_NOT_FOUND: 'the program to run does not exist in the container (exit code 127)',
  ERR_NS_COMMAND_NOT_EXECUTABLE: 'the program to run exists and cannot be executed (exit code 126)',
  ERR_NS_NOT_RUNNING: 'the container is not running',
  ERR_NS_CORRUPT: 'an archive, image or state file does not have the form it must have',
  ERR_NS_CONNECTION: 'the engine, or the bus of systemd, could not be reached, or closed the connection',
  ERR_NS_API: 'the engine, or systemd, answered a request with an error',
  ERR_NS_TOOL_FAILED:
    'a program of the host that a driver is made of has failed; the message has what it said',
  ERR_NS_TIMEOUT: 'an operation did not finish within its time limit',
} as const;

/** One of the keys of {@link CODES}. */
export type NsErrorCode = keyof typeof CODES;
