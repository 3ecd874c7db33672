import { CAPABILITIES } from '@ns/caps';

import { type CgroupSupport, NO_SUPPORT } from '../src/engine/cgroup-support.js';
import type { DeviceNode, Machine } from '../src/engine/machine.js';

/** A machine that can limit everything. */
export const FULL_SUPPORT: CgroupSupport = {
  ...(Object.fromEntries(Object.keys(NO_SUPPORT).map((key) => [key, true])) as Omit<
    CgroupSupport,
    'version'
  >),
  version: '1',
};

const node = (path: string, type: 'b' | 'c', major: number, minor: number): DeviceNode => ({
  path,
  type,
  major,
  minor,
});

const NODES: Readonly<Record<string, DeviceNode | 'directory' | 'other'>> = {
  '/dev': 'directory',
  '/dev/disk': 'directory',
  '/dev/disk/data': node('/dev/sda', 'b', 8, 0),
  '/dev/empty': 'directory',
  '/dev/fuse': node('/dev/fuse', 'c', 10, 229),
  '/dev/log': 'other',
  '/dev/null': node('/dev/null', 'c', 1, 3),
  '/dev/sda': node('/dev/sda', 'b', 8, 0),
  '/dev/snd': 'directory',
  '/dev/snd/by-path': 'directory',
  '/dev/snd/by-path/card': node('/dev/snd/timer', 'c', 116, 33),
  '/dev/snd/timer': node('/dev/snd/timer', 'c', 116, 33),
};

/** A machine of four processors, with a few devices. */
export const fakeMachine = (support: Partial<CgroupSupport> = {}): Machine => ({
  support: { ...FULL_SUPPORT, ...support },
  cpuCount: 4,
  capabilities: new Set(CAPABILITIES),
  cpus: '0-3',
  mems: '0',
  deviceAt: (path) => NODES[path],
  namesIn: (directory) =>
    Object.keys(NODES).flatMap((path) => {
      const [, parent, name = ''] = /^(.*)\/([^/]+)$/.exec(path) ?? [];
      return parent === directory ? [name] : [];
    }),
});
