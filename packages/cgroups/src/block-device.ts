import { statSync } from 'node:fs';

import { major, minor } from '@ns/syscall';

import { invalid } from './errors.js';
import type { BlockDevice } from './resources.js';

/**
 * The numbers of a block device, by its path: `/dev/sda`, as `docker run --device-read-bps` takes it.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` when it is none.
 */
export function blockDevice(path: string): BlockDevice {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isBlockDevice() !== true) {
    throw invalid(`${path} is ${stat === undefined ? 'missing' : 'no block device'}`, {
      path,
      hint: 'limits are for whole disks, see lsblk',
    });
  }
  return { major: major(stat.rdev), minor: minor(stat.rdev) };
}
