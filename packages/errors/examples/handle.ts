/** Tells apart what the kernel said, what was being done, and what a user can do about it. */
import { causes, hintOf, isErrno, NsError, SyscallError } from '@ns/errors';

function mountProc(): void {
  const refusal = new SyscallError({
    syscall: 'mount',
    errno: 1,
    code: 'EPERM',
    description: 'Operation not permitted',
    what: 'mount proc on /proc',
    path: '/proc',
  });
  throw new NsError('ERR_NS_STEP_FAILED', {
    operation: 'start web',
    message: refusal.message,
    hint: 'run as root, or give the container a user namespace of its own',
    cause: refusal,
  });
}

try {
  mountProc();
} catch (error) {
  if (!NsError.is(error)) throw error;
  console.log(`${error.code}: ${error.message}`);
  console.log(`hint: ${hintOf(error)}`);
  console.log(`refused by the kernel: ${isErrno(error, 'EPERM', 'EACCES')}`);
  console.log(`links of the chain: ${[...causes(error)].length}`);
}
