import { NsError } from '@ns/errors';

/** The error of a request that cannot be carried out as it stands. */
export const invalid = (operation: string, message: string, hint?: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message, hint });
