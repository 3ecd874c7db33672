import { hintOf, NsError } from '@ns/errors';
import { describe, expect, test } from 'vitest';

import { assertAble, assertAbleToExec, checkContract, unable } from './abilities.js';
import {
  CONTRACT_VERSION,
  type Abilities,
  type ContainerSpec,
  type DriverInfo,
  type NamespaceKind,
  type ProcessSpec,
} from './contract.js';

const ALL: readonly NamespaceKind[] = ['mnt', 'pid', 'uts', 'ipc', 'net', 'user', 'cgroup', 'time'];

const everything: Abilities = {
  namespaces: ALL,
  joinNamespaces: true,
  roots: ['directory', 'overlay'],
  mounts: ['bind', 'tmpfs'],
  idMappedMounts: true,
  readonlyRoot: true,
  terminal: true,
  exec: true,
  signals: true,
  user: true,
  capabilities: true,
  seccomp: true,
  apparmor: true,
  rlimits: true,
  resources: true,
  pause: true,
  sysctls: true,
  network: true,
  init: true,
  hostname: true,
  adopt: true,
  driverConfig: true,
};

const nothing: Abilities = {
  namespaces: [],
  joinNamespaces: false,
  roots: ['directory'],
  mounts: [],
  idMappedMounts: false,
  readonlyRoot: false,
  terminal: false,
  exec: false,
  signals: false,
  user: false,
  capabilities: false,
  seccomp: false,
  apparmor: false,
  rlimits: false,
  resources: false,
  pause: false,
  sysctls: false,
  network: false,
  init: false,
  hostname: false,
  adopt: false,
  driverConfig: false,
};

const driver = (abilities: Abilities): DriverInfo => ({
  name: 'plain',
  version: '3.1',
  contract: CONTRACT_VERSION,
  abilities,
});

const program: ProcessSpec = { args: ['true'], env: [] };
const shared = Object.fromEntries(ALL.map((kind) => [kind, 'host' as const]));
const modest: ContainerSpec = {
  id: 'a',
  root: { kind: 'directory', path: '/srv' },
  namespaces: shared,
  process: program,
};

const full: ContainerSpec = {
  id: 'a',
  root: { kind: 'overlay', lower: ['/srv'] },
  readonlyRoot: true,
  namespaces: { net: 'host', ipc: { pid: 1 }, user: 'new', time: 'new' },
  hostname: 'a',
  domainname: 'b',
  mounts: [
    { type: 'tmpfs', target: '/tmp' },
    { type: 'bind', source: '/srv', target: '/srv', idMap: { uids: [], gids: [] } },
  ],
  defaultMounts: true,
  shmSizeBytes: 4096,
  maskedPaths: [],
  readonlyPaths: [],
  sysctls: { 'net.core.somaxconn': '1' },
  init: true,
  driverConfig: [['key', 'value']],
  process: {
    ...program,
    user: 'app',
    groups: ['video'],
    terminal: { rows: 24, columns: 80 },
    capabilities: [],
    noNewPrivileges: true,
    rlimits: [],
    oomScoreAdj: 1,
  },
};

const refusal = (run: () => void): NsError => {
  try {
    run();
  } catch (error) {
    if (NsError.is(error) && error.code === 'ERR_NS_UNSUPPORTED') return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('a driver that can do everything', () => {
  test('is asked for everything', () => {
    expect(() => assertAble(driver(everything), full)).not.toThrow();
    expect(() => assertAbleToExec(driver(everything), full.process)).not.toThrow();
  });
});

describe('a driver that can do nothing', () => {
  test('runs what asks for nothing', () => {
    expect(() => assertAble(driver(nothing), modest)).not.toThrow();
  });

  test.each<[string, Partial<ContainerSpec>]>([
    ['namespaces.net', { namespaces: { ...shared, net: 'new' } }],
    ['namespaces.pid', { namespaces: { ...shared, pid: { pid: 1 } } }],
    ['namespaces.user', { namespaces: { ...shared, user: 'new' } }],
    ['root', { root: { kind: 'overlay', lower: ['/srv'] } }],
    ['readonlyRoot', { readonlyRoot: true }],
    ['mounts[0]', { mounts: [{ type: 'tmpfs', target: '/t' }] }],
    ['defaultMounts', { defaultMounts: true }],
    ['shmSizeBytes', { shmSizeBytes: 1 }],
    ['maskedPaths', { maskedPaths: ['/a'] }],
    ['readonlyPaths', { readonlyPaths: ['/a'] }],
    ['hostname', { hostname: 'a' }],
    ['hostname', { domainname: 'a' }],
    ['sysctls', { sysctls: { a: 'b' } }],
    ['init', { init: true }],
    ['process.terminal', { process: { ...program, terminal: { rows: 1, columns: 1 } } }],
    ['process.user', { process: { ...program, user: '1' } }],
    ['process.user', { process: { ...program, groups: ['1'] } }],
    ['process.capabilities', { process: { ...program, capabilities: [] } }],
    ['process.capabilities', { process: { ...program, noNewPrivileges: true } }],
    ['process.seccomp', { process: { ...program, seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } } }],
    ['process.rlimits', { process: { ...program, rlimits: [] } }],
    ['process.rlimits', { process: { ...program, oomScoreAdj: 0 } }],
  ])('refuses %s', (field, change) => {
    const error = refusal(() => assertAble(driver(nothing), { ...modest, ...change }));
    expect(error.message).toContain('driver plain has no ');
    expect(error.message).toContain(`, which ${field} asks for`);
    expect(hintOf(error)).toMatch(/, or use another driver$/);
  });

  test('is not asked for what is switched off', () => {
    const off = { readonlyRoot: false, init: false, sysctls: {}, mounts: [], defaultMounts: false };
    expect(() =>
      assertAble(driver(nothing), { ...modest, ...off, process: { ...program, noNewPrivileges: false } }),
    ).not.toThrow();
  });

  test('refuses exec, and what is asked for by it', () => {
    expect(refusal(() => assertAbleToExec(driver(nothing), program)).message).toBe(
      'exec: driver plain has no exec',
    );
    const terminal = { ...program, terminal: { rows: 1, columns: 1 } };
    expect(refusal(() => assertAbleToExec(driver({ ...nothing, exec: true }), terminal)).message).toBe(
      'exec: driver plain has no terminals, which process.terminal asks for',
    );
  });
});

describe('isolation that is asked for by default', () => {
  const silent: ContainerSpec = { id: 'a', root: modest.root, process: program };

  test('is refused where there is none, with the way out', () => {
    const error = refusal(() =>
      assertAble(driver({ ...everything, namespaces: ALL.filter((kind) => kind !== 'net') }), silent),
    );
    expect(error.message).toBe('create: driver plain has no net namespaces, which namespaces.net asks for');
    expect(hintOf(error)).toBe("say namespaces.net: 'host' to do without isolation, or use another driver");
  });

  test('does not include users and time', () => {
    const without = ALL.filter((kind) => kind !== 'user' && kind !== 'time');
    expect(() => assertAble(driver({ ...everything, namespaces: without }), silent)).not.toThrow();
  });
});

describe('a driver that always isolates', () => {
  const able = driver({ ...everything, joinNamespaces: false });

  test.each([{ net: 'host' as const }, { net: { pid: 1 } }, { user: { path: '/a' } }])(
    'refuses %j',
    (namespaces) => {
      expect(refusal(() => assertAble(able, { ...modest, namespaces })).message).toContain(
        'shared namespaces',
      );
    },
  );

  test('takes the defaults', () => {
    expect(() => assertAble(able, { ...modest, namespaces: { user: 'host', time: 'host' } })).not.toThrow();
  });
});

test('a mount with an id map needs more than mounts', () => {
  const error = refusal(() => assertAble(driver({ ...everything, idMappedMounts: false }), full));
  expect(error.message).toContain('mounts[1].idMap');
});

test('a driver of another contract is refused', () => {
  expect(() => checkContract(driver(nothing))).not.toThrow();
  const error = refusal(() => checkContract({ ...driver(nothing), contract: 2 }));
  expect(error.message).toBe(
    'driver: driver plain 3.1 is written for version 2 of the contract, known here is 1',
  );
  expect(hintOf(error)).toContain('for version 1 of the contract');
});

test('an operation that is missing is refused by name', () => {
  expect(unable(driver(nothing), 'adopt', 'start it again').message).toBe('adopt: driver plain has no adopt');
});
