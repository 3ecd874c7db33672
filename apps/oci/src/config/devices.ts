import { containerPath } from '@ns/namespaces';

import type { DeviceNode } from '../plan.js';
import { invalid } from './invalid.js';
import type { OciLinux } from './schema/linux.js';

const node = (path: string, major: number, minor: number): DeviceNode => ({
  path,
  type: 'c',
  major,
  minor,
  mode: 0o666,
  uid: 0,
  gid: 0,
});

/** The devices that every container has: config-linux.md, "Default Devices". */
const DEFAULTS: readonly DeviceNode[] = [
  node('/dev/null', 1, 3),
  node('/dev/random', 1, 8),
  node('/dev/full', 1, 7),
  node('/dev/tty', 5, 0),
  node('/dev/zero', 1, 5),
  node('/dev/urandom', 1, 9),
];

/** Of a mode, what is not the type of the file. */
const PERMISSIONS = 0o7777;

/** `linux.devices`, and the default ones that are not among them. */
export function planDevices(devices: NonNullable<OciLinux['devices']>): DeviceNode[] {
  const asked = devices.map((device, index): DeviceNode => {
    const field = `linux.devices[${index}]`;
    const { type, fileMode = 0o666, uid = 0, gid = 0 } = device;
    const isFifo = type === 'p';
    for (const number of ['major', 'minor'] as const) {
      if (!isFifo && device[number] === undefined) throw invalid(`${field}.${number}`, 'is missing');
    }
    return {
      path: pathOf(device.path, `${field}.path`),
      // `u` is an unbuffered character device, which Linux does not tell apart.
      type: type === 'u' ? 'c' : type,
      major: isFifo ? 0 : (device.major ?? 0),
      minor: isFifo ? 0 : (device.minor ?? 0),
      mode: fileMode & PERMISSIONS,
      uid,
      gid,
    };
  });
  const paths = new Map<string, number>();
  asked.forEach(({ path }, index) => {
    const earlier = paths.get(path);
    if (earlier !== undefined) {
      throw invalid(
        `linux.devices[${index}].path`,
        `${JSON.stringify(path)} is that of linux.devices[${earlier}] too`,
      );
    }
    paths.set(path, index);
  });
  return [...DEFAULTS.filter(({ path }) => !paths.has(path)), ...asked];
}

function pathOf(path: string, field: string): string {
  let short: string;
  try {
    short = containerPath('config.json', `${field}:`, path);
  } catch (error) {
    throw invalid(field, (error as Error).message.replace(/^.*?path: /, ''));
  }
  if (short === '/') throw invalid(field, 'the root directory is no device');
  return short;
}
