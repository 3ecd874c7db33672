import { describe, expect, test } from 'vitest';

import { planMounts } from './mount-plan.js';
import type { MountSpec } from './spec.js';

const bind = (target: string, extra: object = {}): MountSpec => ({
  type: 'bind',
  source: '/source',
  target,
  ...extra,
});
const plan = (...specs: MountSpec[]): ReturnType<typeof planMounts> => planMounts(specs, () => 'file');

describe('planMounts', () => {
  test('shortens targets and takes the kind of the source', () => {
    const mounts = plan(bind('/a//b/../c'), { type: 'tmpfs', target: '/t/' });
    expect(mounts.map(({ target, kind }) => [target, kind])).toEqual([
      ['/a/c', 'file'],
      ['/t', 'directory'],
    ]);
  });

  test('lets lxcfs cover its files of /proc', () => {
    expect(() => plan(bind('/proc/meminfo'))).not.toThrow();
  });

  test.each<[string, MountSpec[], RegExp]>([
    ['the root', [bind('/')], /a mount on \/ would hide the container/],
    ['the root by dots', [bind('/a/..')], /a mount on \//],
    ['dots out of the root', [bind('/../etc')], /leads out of the root/],
    ['a relative target', [bind('a')], /target "a" is not absolute/],
    ['an empty target', [bind('')], /target is empty/],
    ['/proc', [bind('/proc')], /target \/proc is inside \/proc/],
    ['a path in /proc', [bind('/x/../proc/self/attr')], /target \/proc\/self\/attr is inside/],
    ['one target twice', [bind('/a'), { type: 'tmpfs', target: '/a/' }], /two mounts on \/a/],
    ['a relative source', [bind('/a', { source: 'x' })], /path "x" is not absolute/],
    ['an empty source', [bind('/a', { source: '' })], /a path is empty/],
    ['a propagation that is none', [bind('/a', { propagation: 'loud' })], /no propagation "loud"/],
    [
      'a map without ids',
      [bind('/a', { idMap: { uids: [], gids: [] } })],
      /uid map of \/a: no mapping given/,
    ],
    ['a size of nothing', [{ type: 'tmpfs', target: '/a', sizeBytes: 0 }], /size 0 of tmpfs \/a/],
    [
      'a size beyond numbers',
      [{ type: 'tmpfs', target: '/a', sizeBytes: 2 ** 60 }],
      /is not a positive number/,
    ],
    ['a mode that is none', [{ type: 'tmpfs', target: '/a', mode: 0o10000 }], /mode 4096 of tmpfs/],
    ['a uid that is none', [{ type: 'tmpfs', target: '/a', uid: -1 }], /uid -1 of tmpfs/],
    ['another type', [{ type: 'nfs', target: '/a' } as unknown as MountSpec], /no mount type "nfs"/],
  ])('refuses %s', (_, specs, message) => {
    expect(() => plan(...specs)).toThrow(
      expect.objectContaining({
        code: 'ERR_NS_INVALID_ARGUMENT',
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  test('says what to do about a source that does not exist', () => {
    expect(() => planMounts([bind('/a', { source: '/no/such/source' })])).toThrow(
      expect.objectContaining({ code: 'ERR_NS_NOT_FOUND', hint: 'create it on the host first' }),
    );
  });
});
