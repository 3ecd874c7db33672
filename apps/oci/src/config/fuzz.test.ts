import { NsError } from '@ns/errors';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { exampleConfig } from '../commands/spec.js';
import { planOf } from './sample.js';

/** A configuration in which everything occurs. */
const FULL = {
  ...exampleConfig({ uid: 1000, gid: 1000 }),
  domainname: 'd',
  annotations: { a: 'b' },
  hooks: { prestart: [{ path: '/a', args: ['a'], env: ['A=1'], timeout: 1 }], poststop: [{ path: '/b' }] },
};
const { process, linux, mounts } = FULL as unknown as Record<'process' | 'linux', object> & {
  mounts: object[];
};
const SEED = {
  ...FULL,
  process: {
    ...process,
    consoleSize: { height: 1, width: 1 },
    user: { uid: 0, gid: 0, umask: 1, additionalGids: [1] },
    scheduler: { policy: 'SCHED_OTHER', nice: 1, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
    ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 1 },
    execCPUAffinity: { initial: '0', final: '1' },
    oomScoreAdj: 1,
  },
  mounts: [
    ...mounts,
    {
      destination: '/d',
      source: '/d',
      options: ['rbind', 'rro'],
      uidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
    },
  ],
  linux: {
    ...linux,
    namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user', 'time'].map((type) => ({ type })),
    timeOffsets: { monotonic: { secs: 1, nanosecs: 1 } },
    devices: [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0 }],
    netDevices: { eth0: { name: 'eth1' } },
    cgroupsPath: '/a/b',
    sysctl: { 'net.core.somaxconn': '1' },
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [
        {
          names: ['a'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: 1,
          args: [{ index: 0, value: 1, valueTwo: 1, op: 'SCMP_CMP_EQ' }],
        },
      ],
    },
    personality: { domain: 'LINUX' },
    memoryPolicy: { mode: 'MPOL_BIND', nodes: '0' },
    resources: {
      devices: [{ allow: false, access: 'rwm' }],
      memory: { limit: 1e7, swap: 2e7, reservation: 1e6, swappiness: 1 },
      cpu: { shares: 2, quota: 1000, period: 1000, cpus: '0', mems: '0', burst: 1 },
      pids: { limit: 1 },
      blockIO: {
        weight: 10,
        weightDevice: [{ major: 8, minor: 0, weight: 10 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
      },
      hugepageLimits: [{ pageSize: '2MB', limit: 1 }],
      unified: { 'pids.max': '1' },
    },
  },
};

/** Every place of a value: the keys that lead there. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key]))];
}
const PLACES = placesOf(SEED).filter((path) => path.length > 0);

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, at) => (String(at) === key ? replaced(item, rest, by) : item));
  const members = value as Record<string, unknown>;
  return { ...members, [key]: replaced(members[key], rest, by) };
}

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    -1,
    0,
    0.5,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -(2 ** 63),
    1e308,
    true,
    '',
    '/',
    '..',
    '/../..',
    '\0',
    '\n',
    [],
    {},
    [[]],
    '__proto__',
    '%s',
    'a'.repeat(5000),
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
);

/** What is wrong with how it is taken: it has to be translated, or refused with a field and a code. */
function faultOf(config: unknown): string | undefined {
  for (const options of [{}, { systemdCgroup: true }, { rootless: true }]) {
    try {
      const { mounts: planned } = planOf(config, options);
      const wrong = planned.find(({ target }) => !/^\/(?!.*(^|\/)\.\.?(\/|$))[^\0]+$/.test(target));
      if (wrong !== undefined) return `a mount on ${wrong.target}`;
    } catch (error) {
      if (!NsError.is(error)) return String(error);
      if (!['ERR_NS_INVALID_ARGUMENT', 'ERR_NS_UNSUPPORTED'].includes(error.code)) return error.code;
      if (!/^config\.json: \P{Cc}+$/u.test(error.message)) return error.message;
    }
  }
  return undefined;
}

const anywhere = fc.property(fc.constantFrom(...PLACES), hostile, (place, value) =>
  isTaken(replaced(SEED, place, value)),
);
const twice = fc.property(
  fc.constantFrom(...PLACES),
  hostile,
  fc.constantFrom(...PLACES),
  hostile,
  (one, a, other, b) => {
    const first = replaced(SEED, one, a);
    try {
      return isTaken(replaced(first, other, b));
    } catch (error) {
      // The first replacement took the second's place away.
      if (error instanceof TypeError) return isTaken(first);
      throw error;
    }
  },
);
const anything = fc.property(fc.jsonValue(), isTaken);
const text = JSON.stringify(SEED);
const nearlyJson = fc.property(
  fc.nat(text.length),
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.nat(3),
  (at, more, less) => isTaken(text.slice(0, at) + more + text.slice(at + less)),
);

function isTaken(config: unknown): boolean {
  const fault = faultOf(config);
  if (fault !== undefined) throw new Error(fault);
  return true;
}

const properties = { anywhere, twice, anything, nearlyJson } as unknown as Record<
  string,
  fc.IProperty<unknown>
>;

/** Seeds that once found a fault. */
const KEPT: readonly (readonly [property: string, seed: number])[] = [
  // Long integers inside of what a message was to show.
  ['anything', 1],
  ['anywhere', 1_954_648_910],
  ['anything', 131_761_164],
];

describe('whatever stands in config.json', () => {
  test('the first configuration is one', () => {
    expect(planOf(SEED).mounts).toHaveLength(7);
    expect(PLACES.length).toBeGreaterThan(200);
  });

  test.each(KEPT)('as once: %s with the seed %i', (name, seed) => {
    expect(fc.check(properties[name]!, { seed, numRuns: 130 })).toMatchObject({ failed: false });
  });

  test.each(Object.entries(properties))('%s', (_name, property) => {
    const result = fc.check(property, { numRuns: 250 });
    expect(result.failed ? fc.defaultReportMessage(result) : '').toBe('');
  });
});
