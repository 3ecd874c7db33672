import { NsError } from '@ns/errors';

/** Bad input. */
export const invalid = (message: string, hint: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'apparmor', message, hint });

/** AppArmor, or what it needs, is not there. */
export const unsupported = (message: string, hint: string, cause?: unknown): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', { operation: 'apparmor', message, hint, cause });

/** A profile or a process is not there. */
export const notFound = (message: string, hint: string, cause?: unknown): NsError =>
  new NsError('ERR_NS_NOT_FOUND', { operation: 'apparmor', message, hint, cause });
