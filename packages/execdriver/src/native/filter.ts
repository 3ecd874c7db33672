import { DOCKER_DEFAULT, parseCapability } from '@ns/caps';
import { DOCKER_DEFAULT_PROFILE, filterFor, hostContext, type Filter } from '@ns/seccomp';

import type { ProcessSpec } from '../contract.js';

/** The seccomp filter of a process; undefined when it has none. */
export function filterOf({
  seccomp = DOCKER_DEFAULT_PROFILE,
  capabilities,
}: ProcessSpec): Filter | undefined {
  if (seccomp === 'unconfined') return undefined;
  return filterFor(hostContext(capabilities?.map(parseCapability) ?? DOCKER_DEFAULT), seccomp);
}
