import type { Cgroup } from '@ns/cgroups';
import { NsError } from '@ns/errors';

import { readState, statusOf, type Status } from './state.js';
import { openOwnCgroup } from './own-cgroup.js';

/** @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_CONFLICT` when it is paused, `ERR_NS_UNSUPPORTED` without a cgroup */
export async function pauseContainer(root: string, id: string): Promise<void> {
  await control('pause', root, id, ['running', 'created']).freeze();
}

/** @throws {@link NsError} `ERR_NS_NOT_RUNNING`, `ERR_NS_CONFLICT` when it is not paused */
export function resumeContainer(root: string, id: string): void {
  control('resume', root, id, ['paused']).thaw();
}

function control(operation: string, root: string, id: string, wanted: readonly Status[]): Cgroup {
  const record = readState(root, id);
  const status = statusOf(root, record);
  if (status === 'stopped') {
    throw new NsError('ERR_NS_NOT_RUNNING', { operation, message: `container not running: ${id}` });
  }
  if (!wanted.includes(status)) {
    const message =
      operation === 'resume' ? `container not paused: ${id}` : `container not running or created: ${status}`;
    throw new NsError('ERR_NS_CONFLICT', { operation, message });
  }
  const cgroup = openOwnCgroup(record.cgroup_path);
  if (cgroup !== undefined) return cgroup;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation,
    message: `container ${id} has no cgroup`,
    hint: 'without the right to make cgroups there is no freezer',
  });
}
