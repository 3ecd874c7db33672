import { NsError } from '@ns/errors';

/** What an error of this package may say besides its message. */
interface Details {
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** An archive, image or file of the store does not have the form it must have. */
export function corrupt(operation: string, message: string, details: Details = {}): NsError {
  return new NsError('ERR_NS_CORRUPT', { operation, message, ...details });
}

/** An argument is malformed. */
export function invalid(operation: string, message: string, details: Details = {}): NsError {
  return new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message, ...details });
}

/** There is no such image, snapshot or file. */
export function notFound(operation: string, message: string, details: Details = {}): NsError {
  return new NsError('ERR_NS_NOT_FOUND', { operation, message, ...details });
}

/** Something is taken or in use. */
export function conflict(operation: string, message: string, details: Details = {}): NsError {
  return new NsError('ERR_NS_CONFLICT', { operation, message, ...details });
}

/** The machine, this Node or this version cannot do it. */
export function unsupported(operation: string, message: string, details: Details = {}): NsError {
  return new NsError('ERR_NS_UNSUPPORTED', { operation, message, ...details });
}
