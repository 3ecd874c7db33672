import { NsError } from '@ns/errors';

/** What {@link invalid} says beside the fact. */
interface Extra {
  readonly hint?: string;
  readonly path?: string;
}

/** The refusal of an argument, before anything is created. */
export const invalid = (operation: string, message: string, extra: Extra = {}): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message, ...extra });
