import { NsError } from '@ns/errors';

/** The error for a profile that cannot be used; `message` starts with the place in the profile, if it has one. */
export const invalid = (message: string, hint?: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'seccomp', message, hint });
