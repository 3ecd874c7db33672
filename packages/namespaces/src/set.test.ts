import { describe, expect, test } from 'vitest';

import { NAMESPACE_FLAGS, flagsOf, planNamespaces, type NamespaceRequest } from './set.js';

const MAP = [{ inside: 0, outside: 100_000, length: 65_536 }];
const maps = { uidMap: MAP, gidMap: MAP };

describe('planNamespaces', () => {
  test('makes six new namespaces by default', () => {
    const { cloneFlags, joins, deferredFlags } = planNamespaces({});
    expect(cloneFlags).toBe(flagsOf(['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup']));
    expect([joins, deferredFlags]).toEqual([[], 0]);
  });

  test('leaves a new time namespace to unshare', () => {
    const { cloneFlags } = planNamespaces({ namespaces: { time: 'new', user: 'new' }, ...maps });
    expect(cloneFlags & NAMESPACE_FLAGS.time).toBe(0);
    expect(cloneFlags & NAMESPACE_FLAGS.user).not.toBe(0);
  });

  test('defers a namespace that has to come later', () => {
    const { cloneFlags, deferredFlags } = planNamespaces({ deferred: ['cgroup'] });
    expect(deferredFlags).toBe(NAMESPACE_FLAGS.cgroup);
    expect(cloneFlags & NAMESPACE_FLAGS.cgroup).toBe(0);
  });

  test('enters the namespaces of one process together, paths one by one', () => {
    const { joins, cloneFlags } = planNamespaces({
      namespaces: { net: { pid: 7 }, ipc: { pid: 7 }, uts: { path: '/run/uts' }, pid: { pid: 8 } },
    });
    expect(joins).toEqual([
      { source: { pid: 8 }, kinds: ['pid'], flags: flagsOf(['pid']) },
      { source: { path: '/run/uts' }, kinds: ['uts'], flags: flagsOf(['uts']) },
      { source: { pid: 7 }, kinds: ['ipc', 'net'], flags: flagsOf(['ipc', 'net']) },
    ]);
    expect(cloneFlags).toBe(flagsOf(['mnt', 'cgroup']));
  });

  test('enters a user namespace last as root, first otherwise', () => {
    const namespaces = { user: { pid: 1 }, net: { path: '/run/net' } } as const;
    const order = (privileged: boolean): unknown =>
      planNamespaces({ namespaces, privileged }).joins.map(({ kinds }) => kinds);
    expect(order(true)).toEqual([['net'], ['user']]);
    expect(order(false)).toEqual([['user'], ['net']]);
  });

  test.each<[string, NamespaceRequest | Record<string, unknown>, RegExp]>([
    ['an unknown kind', { namespaces: { network: 'new' } }, /no namespace kind "network"/],
    ['an inherited name', { namespaces: { constructor: 'new' } }, /no namespace kind "constructor"/],
    ['an unknown source', { namespaces: { net: 'none' } }, /net namespace source "none"/],
    ['a null source', { namespaces: { net: null } }, /net namespace source null/],
    ['pid 0', { namespaces: { net: { pid: 0 } } }, /of process 0: not a process id/],
    ['a pid that is no integer', { namespaces: { net: { pid: 1.5 } } }, /not a process id/],
    ['a relative path', { namespaces: { net: { path: 'net' } } }, /is not absolute/],
    ['a shared mount namespace', { namespaces: { mnt: 'host' } }, /needs a new mount namespace/],
    ['a user namespace without maps', { namespaces: { user: 'new' } }, /uid map: no mapping given/],
    ['maps without a user namespace', maps, /id maps without a new user namespace/],
    ['offsets without a time namespace', { timeOffsets: { monotonicNs: 1n } }, /time offsets without/],
    [
      'a hostname for the host',
      { namespaces: { uts: 'host' }, hostname: 'x' },
      /hostname "x" without a new uts/,
    ],
    [
      'a domainname for another',
      { namespaces: { uts: { pid: 1 } }, domainname: 'x' },
      /domainname "x" without/,
    ],
  ])('refuses %s', (_, request, message) => {
    expect(() => planNamespaces(request as NamespaceRequest)).toThrow(
      expect.objectContaining({
        code: 'ERR_NS_INVALID_ARGUMENT',
        message: expect.stringMatching(message) as string,
      }),
    );
  });
});
