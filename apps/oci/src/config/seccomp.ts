import { NsError } from '@ns/errors';
import { checkProfile, type DockerProfile } from '@ns/seccomp';

import { invalid } from './invalid.js';

/**
 * Check `linux.seccomp`.
 *
 * @returns `undefined` when there is no filter: no default action and no rules, as runc has it.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planSeccomp(value: unknown): DockerProfile | undefined {
  if (value === undefined || isEmpty(value)) return undefined;
  try {
    checkProfile(value);
  } catch (error) {
    if (!NsError.is(error)) throw error;
    throw new NsError(error.code, {
      operation: 'config.json',
      message: `linux.seccomp.${error.message.replace(`${error.operation}: `, '')}`,
      hint: error.hint,
      cause: error,
    });
  }
  const listens = value.syscalls?.findIndex(({ action }) => action === 'SCMP_ACT_NOTIFY') ?? -1;
  const { listenerPath = '', listenerMetadata = '' } = value;
  if (listens !== -1 && listenerPath === '') {
    throw invalid(
      `linux.seccomp.syscalls[${listens}].action`,
      'SCMP_ACT_NOTIFY without a listener',
      'name its socket in linux.seccomp.listenerPath',
    );
  }
  if (listens === -1 && listenerPath !== '') {
    throw invalid('linux.seccomp.listenerPath', 'no rule has SCMP_ACT_NOTIFY', 'leave it out');
  }
  if (listenerPath !== '' && !listenerPath.startsWith('/')) {
    throw invalid('linux.seccomp.listenerPath', `${JSON.stringify(listenerPath)} is no absolute path`);
  }
  if (listenerPath === '' && listenerMetadata !== '') {
    throw invalid('linux.seccomp.listenerMetadata', 'there is no listener', 'leave it out');
  }
  return value;
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { defaultAction, syscalls } = value as Readonly<Record<string, unknown>>;
  return (
    (defaultAction === undefined || defaultAction === '') &&
    (syscalls === undefined || (Array.isArray(syscalls) && syscalls.length === 0))
  );
}
