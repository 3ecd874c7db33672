import type { Cgroup } from '@ns/cgroups';
import { NsError } from '@ns/errors';

import { readState, statusOf, type StateRecord } from '../runtime/state.js';
import { openOwnCgroup } from '../runtime/own-cgroup.js';

/**
 * The cgroup of a container that is there and has not ended.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND`, `ERR_NS_NOT_RUNNING`, `ERR_NS_UNSUPPORTED` when it has no cgroup.
 */
export function runningCgroup(
  operation: string,
  root: string,
  id: string,
): { readonly record: StateRecord; readonly cgroup: Cgroup } {
  const record = readState(root, id);
  if (statusOf(root, record) === 'stopped') {
    throw new NsError('ERR_NS_NOT_RUNNING', { operation, message: `container not running: ${id}` });
  }
  const cgroup = openOwnCgroup(record.cgroup_path);
  if (cgroup !== undefined) return { record, cgroup };
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation,
    message: `container ${id} has no cgroup`,
    hint: 'it was made without the right to make cgroups',
  });
}
