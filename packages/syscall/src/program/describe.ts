import { NsError, SyscallError } from '@ns/errors';

import { errnoName, errnoText } from '../uapi/errno.js';
import { argumentTexts, cloneName, cloneTexts, READABLE } from './arguments.js';
import type { Image } from './compile.js';
import { insteadOf } from './fault.js';
import type { CallStep, CloneStep, FailStep } from './ir.js';

/** Bytes of the record that a failing step writes to the status descriptor. */
export const FAILURE_RECORD_SIZE = 8;

/** A step that can fail. */
export type FailingStep = CallStep | CloneStep | FailStep;

/** What a failure record means. */
export interface Failure {
  readonly step: FailingStep;
  /** `syscall` is `fail` for a {@link FailStep}, which makes no call of its own. */
  readonly error: SyscallError;
}

/**
 * Which step of a program failed, and how.
 *
 * @param image - What {@link compile} made of the program that ran.
 * @param record - The eight bytes from the status descriptor: the address of the call and the errno, each a
 * little-endian 32-bit integer.
 * @throws {@link NsError} `ERR_NS_PROGRAM` when the record is not one of this program.
 */
export function failureOf(image: Image, record: Uint8Array): Failure {
  const { program, sites } = image;
  const operation = `read the failure of "${program.title}"`;
  const hint = 'use the image that was run, and the bytes of its status descriptor alone';
  if (record.length !== FAILURE_RECORD_SIZE) {
    const message = `a record has ${FAILURE_RECORD_SIZE} bytes, got ${record.length}`;
    throw new NsError('ERR_NS_PROGRAM', { operation, message, hint });
  }
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const address = view.getUint32(0, true);
  const errno = view.getUint32(4, true);
  const site = sites.get(address);
  if (site === undefined || (site.op !== 'call' && site.op !== 'clone' && site.op !== 'fail')) {
    const message = `no step at address 0x${address.toString(16)}`;
    throw new NsError('ERR_NS_PROGRAM', { operation, message, hint });
  }
  const step = insteadOf(site);
  return { step, error: errorOf(step, errno) };
}

/** The error of a step that the kernel answered with `errno`. */
function errorOf(step: FailingStep, errno: number): SyscallError {
  const code = errnoName(errno);
  return new SyscallError({
    ...callOf(step),
    errno,
    code,
    description: errnoText(errno),
    what: step.what,
    path: step.object,
    hint: step.hints?.[code],
  });
}

function callOf(step: FailingStep): { syscall: string; args?: string } {
  if (step.op === 'fail') return { syscall: 'fail' };
  if (step.op === 'clone') return { syscall: cloneName(step), args: cloneTexts(step, READABLE).join(', ') };
  return { syscall: step.name, args: argumentTexts(step.name, step.args, READABLE).join(', ') };
}
