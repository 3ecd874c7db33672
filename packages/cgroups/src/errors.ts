import { NsError, type NsErrorOptions } from '@ns/errors';

type Extra = Pick<NsErrorOptions, 'hint' | 'path' | 'cause'>;

/** The refusal of an argument, before anything is created or changed. */
export const invalid = (message: string, extra: Extra = {}): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'cgroups', message, ...extra });

/** What this kernel or this layout of cgroups cannot do. */
export const unsupported = (message: string, extra: Extra = {}): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', { operation: 'cgroups', message, ...extra });

/** The cgroup is in use, or in the wrong state. */
export const conflict = (message: string, extra: Extra = {}): NsError =>
  new NsError('ERR_NS_CONFLICT', { operation: 'cgroups', message, ...extra });

/** The kernel did not get there in time. */
export const late = (message: string, extra: Extra = {}): NsError =>
  new NsError('ERR_NS_TIMEOUT', { operation: 'cgroups', message, ...extra });
