import {
  fromOciResources,
  validateResources,
  type DeviceRule,
  type OciResources,
  type Resources,
} from '@ns/cgroups';
import { NsError } from '@ns/errors';

import { invalid, unsupported } from './invalid.js';
import type { OciLimits } from './schema/resources.js';

/** What every container may do with devices, whatever its configuration says; as runc has it. */
const ALWAYS_ALLOWED: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...(
    [
      [1, 3], // null
      [1, 8], // random
      [1, 7], // full
      [5, 0], // tty
      [1, 5], // zero
      [1, 9], // urandom
      [136, '*'], // pts
      [5, 2], // ptmx
      // Programs rely on it: runc took it away once, and had to give it back.
      [10, 200], // net/tun
    ] as const
  ).map(([major, minor]): DeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
];

/**
 * Translate `linux.resources` of a container that is made.
 *
 * @param withDevices - False without the right to limit devices: nodes cannot be made then, either.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_UNSUPPORTED`
 */
export function planResources(limits: OciLimits, withDevices: boolean): Resources {
  const { devices, ...others } = readResources(limits, 'linux.resources');
  if (!withDevices) return others;
  // Without a rule nothing is allowed that is not always allowed.
  const rules: readonly DeviceRule[] = devices ?? [{ allow: false, type: 'a' }];
  return { ...others, devices: [...rules, ...ALWAYS_ALLOWED] };
}

/**
 * Our form of limits, as they stand in a configuration or in the file of `update`.
 *
 * @param field - Where they stand, for messages.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_UNSUPPORTED`
 */
export function readResources(limits: OciLimits, field: string, operation = 'config.json'): Resources {
  const place = field === '' ? '' : `${field}.`;
  if (Object.keys(limits.rdma ?? {}).length > 0) {
    throw unsupported(
      `${place}rdma`,
      'there are no rdma limits here',
      `on cgroup version 2 set them as unified: { "rdma.max": "DEVICE hca_handle=2" }`,
      operation,
    );
  }
  const { classID = 0, priorities = [] } = limits.network ?? {};
  if (classID !== 0 || priorities.length > 0) {
    throw unsupported(
      `${place}network`,
      'there are no network classes and priorities here',
      'leave it out',
      operation,
    );
  }
  limits.devices?.forEach(({ access }, index) => {
    if (access === undefined || access === '')
      throw invalid(`${place}devices[${index}].access`, 'is missing', undefined, operation);
    if (!/^[rwm]{1,3}$/.test(access)) {
      throw invalid(
        `${field}.devices[${index}].access`,
        `${JSON.stringify(access)} is not made of r, w and m`,
      );
    }
  });
  try {
    const resources = fromOciResources(plain(limits));
    validateResources(resources);
    return resources;
  } catch (error) {
    if (!NsError.is(error)) throw error;
    const message = error.message.replace(`${error.operation}: `, '');
    throw new NsError(error.code, {
      operation,
      message: field === '' ? message : `${field}: ${message}`,
      hint: error.hint,
      cause: error,
    });
  }
}

/** Beyond it a limit of anything that exists is none. */
const isBeyond = (value: number | bigint): boolean => value > Number.MAX_SAFE_INTEGER;

/** Limits in numbers that a double holds: larger ones are "unlimited", which is -1. */
function plain(limits: OciLimits): OciResources {
  const convert = (value: unknown): unknown => {
    if (typeof value === 'bigint' || typeof value === 'number') return isBeyond(value) ? -1 : Number(value);
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item)]));
  };
  const { unified, ...others } = limits;
  const { memory, hugepageLimits, ...rest } = convert(others) as OciResources;
  // -1 is what Docker writes for "the host's"; here it came out of 2^64 - 1.
  const { swappiness, ...memoryRest } = memory ?? {};
  return {
    ...rest,
    ...(hugepageLimits && { hugepageLimits }),
    ...(memory && {
      memory: { ...memoryRest, ...(swappiness !== undefined && swappiness >= 0 && { swappiness }) },
    }),
    ...(unified && { unified }),
  };
}
