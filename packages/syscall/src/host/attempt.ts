import { SyscallError } from '@ns/errors';

/**
 * The result of a call, or `undefined` when it failed with one of the expected error numbers.
 *
 * Any other failure is thrown.
 */
export function failsWith<T>(errnos: readonly number[], run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (SyscallError.is(error) && errnos.includes(error.errno)) return undefined;
    throw error;
  }
}
