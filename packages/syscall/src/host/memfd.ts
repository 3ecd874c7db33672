import { ERRNO } from '../uapi/errno.js';
import { F, F_SEAL } from '../uapi/fcntl.js';
import { MFD } from '../uapi/memfd.js';
import { failsWith } from './attempt.js';
import { OwnedFd, writeAll } from './fd.js';
import { type CallPurpose, syscall } from './native.js';

/** What a memory file is for. */
export interface MemfdOptions {
  /** It will be executed. */
  readonly executable?: boolean | undefined;
  /** {@link addSeals} will be used. */
  readonly sealable?: boolean | undefined;
}

/**
 * Create a file that lives in memory, close-on-exec. See memfd_create(2).
 *
 * @remarks
 * Since Linux 6.3 a memory file says whether it may be executed (`MFD_EXEC`, `MFD_NOEXEC_SEAL`); before that every one
 * may, and the flags are left out.
 *
 * @param name - Seen as `/memfd:NAME` in `/proc/PID/maps`; at most 249 bytes.
 * @throws SyscallError EACCES for an executable one when `vm.memfd_noexec` is 2.
 */
export function memfdCreate(name: string, options: MemfdOptions = {}): OwnedFd {
  const { executable = false, sealable = false } = options;
  const flags = MFD.MFD_CLOEXEC | (sealable ? MFD.MFD_ALLOW_SEALING : 0);
  const mode = executable ? MFD.MFD_EXEC : MFD.MFD_NOEXEC_SEAL;
  const purpose: CallPurpose = {
    what: `create the memory file ${name}`,
    hints: { EACCES: 'Memory files must be executable here: set the sysctl vm.memfd_noexec to 0 or 1.' },
  };
  const create = (all: number): number => syscall(purpose, 'memfd_create', name, all);
  return new OwnedFd(failsWith([ERRNO.EINVAL], () => create(flags | mode)) ?? create(flags));
}

/**
 * Forbid operations on a memory file, for good and for everybody. See fcntl(2), "File Sealing".
 *
 * @param seals - `F_SEAL_*`.
 * @throws SyscallError EPERM when sealing was not allowed at its creation or has been sealed itself; EBUSY for
 * `F_SEAL_WRITE` while a writable mapping exists.
 */
export function addSeals(fd: number, seals: number): void {
  syscall(`seal descriptor ${fd}`, 'fcntl', fd, F.F_ADD_SEALS, seals);
}

/** The seals of a memory file. See fcntl(2), `F_GET_SEALS`. */
export function getSeals(fd: number): number {
  return syscall(`get the seals of descriptor ${fd}`, 'fcntl', fd, F.F_GET_SEALS);
}

/**
 * A memory file with the given content that nobody can change any more.
 *
 * @remarks
 * Sealed against writing, growing, shrinking and further seals; since Linux 6.3 the executable bits are sealed too.
 */
export function sealedMemfd(
  name: string,
  content: Uint8Array,
  options: Pick<MemfdOptions, 'executable'> = {},
): OwnedFd {
  const file = memfdCreate(name, { ...options, sealable: true });
  try {
    writeAll(file.fd, content);
    failsWith([ERRNO.EINVAL], () => addSeals(file.fd, F_SEAL.F_SEAL_EXEC));
    const { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE } = F_SEAL;
    addSeals(file.fd, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
