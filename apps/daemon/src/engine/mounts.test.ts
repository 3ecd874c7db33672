import { describe, expect, it } from 'vitest';

import type { CheckedCreate } from './create-schema.js';
import { planMounts } from './mounts.js';
import type { StoredMount } from './record.js';

type Host = NonNullable<CheckedCreate['HostConfig']>;

const plan = (host: Host, volumes: Record<string, unknown> = {}, others: StoredMount[] = []): StoredMount[] =>
  planMounts({ Volumes: volumes }, host, {
    newVolume: () => ({ name: 'v1', directory: '/data/volumes/v1/_data' }),
    mountsOf: () => others,
  });
const specs = (...args: Parameters<typeof plan>): StoredMount['spec'][] =>
  plan(...args).map(({ spec }) => spec);

describe('-v', () => {
  it.each([
    ['/a:/b', { type: 'bind', source: '/a', target: '/b' }],
    ['/a:/b:ro', { type: 'bind', source: '/a', target: '/b', readonly: true }],
    ['/a:/b/../c/', { type: 'bind', source: '/a', target: '/c' }],
    [
      '/a:/b:ro,rslave,z',
      { type: 'bind', source: '/a', target: '/b', readonly: true, propagation: 'rslave' },
    ],
  ])('%s', (text, spec) => {
    expect(specs({ Binds: [text] })).toEqual([spec]);
  });

  it('makes a source that is missing, and --mount does not', () => {
    expect(plan({ Binds: ['/a:/b'] })[0]?.makeSource).toBe(true);
    expect(plan({ Mounts: [{ Type: 'bind', Source: '/a', Target: '/b' }] })[0]?.makeSource).toBe(false);
  });

  it('with a target alone is a volume', () => {
    expect(plan({ Binds: ['/data'] })[0]).toMatchObject({
      spec: { type: 'bind', source: '/data/volumes/v1/_data', target: '/data' },
      point: { Type: 'volume', Name: 'v1', Driver: 'local', RW: true },
      makeSource: true,
    });
  });

  it.each([
    ['a:b:c:d', 'invalid volume specification'],
    [':/b', 'invalid volume specification'],
    ['/a:/', "destination can't be '/'"],
    ['/a:/b/..', "destination can't be '/'"],
    ['/a:b', 'mount path must be absolute'],
    ['data:/b', 'named volumes are not there yet'],
    ['/a:/b:rx', 'invalid mode: rx'],
    ['/a:/b:ro,rw', 'invalid mode: ro,rw'],
  ])('refuses %s', (text, message) => {
    expect(() => plan({ Binds: [text] })).toThrow(message);
  });
});

describe('--mount', () => {
  it('binds, with everything that can be said of it', () => {
    const BindOptions = { Propagation: 'rshared', NonRecursive: true, ReadOnlyNonRecursive: true } as const;
    expect(
      specs({ Mounts: [{ Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions }] }),
    ).toEqual([
      {
        type: 'bind',
        source: '/a',
        target: '/b',
        readonly: 'non-recursive',
        recursive: false,
        propagation: 'rshared',
      },
    ]);
  });

  it('makes tmpfs, with the options of both forms', () => {
    const TmpfsOptions = { SizeBytes: 4096, Mode: 0o700, Options: [['exec'], ['uid', '7']] };
    expect(specs({ Mounts: [{ Type: 'tmpfs', Target: '/t', TmpfsOptions }] })).toEqual([
      { type: 'tmpfs', target: '/t', sizeBytes: 4096, mode: 0o700, exec: true, uid: 7 },
    ]);
    expect(specs({ Tmpfs: { '/t': 'size=64m,mode=1777,noexec' } })).toEqual([
      { type: 'tmpfs', target: '/t', sizeBytes: 64 * 1024 * 1024, mode: 0o1777, exec: false },
    ]);
  });

  it.each([
    [{ Type: 'bind' as const, Source: '/a' }, 'mount path must be absolute'],
    [{ Type: 'volume' as const, Source: 'data', Target: '/d' }, 'named volumes are not there yet'],
    [{ Type: 'image' as const, Source: 'i', Target: '/d' }, "mount type 'image' is unknown"],
    [{ Type: 'tmpfs' as const, Source: '/a', Target: '/d' }, 'a tmpfs has no source'],
    [
      { Type: 'bind' as const, Source: '/a', Target: '/d', BindOptions: { Propagation: 'x' as '' } },
      'invalid propagation mode: x',
    ],
  ])('refuses %j', (mount, message) => {
    expect(() => plan({ Mounts: [mount] })).toThrow(message);
  });

  it.each(['size=x', 'size=99999999999g', 'mode=9', 'uid=-1', 'uid=4294967295', 'colour=red', 'fast'])(
    'refuses tmpfs option %s',
    (option) => {
      expect(() => plan({ Tmpfs: { '/t': option } })).toThrow('invalid');
    },
  );
});

describe('mounts together', () => {
  it('are made from the top down', () => {
    expect(specs({ Binds: ['/x:/a/b/c', '/y:/a'] }).map(({ target }) => target)).toEqual(['/a', '/a/b/c']);
  });

  it('have different targets', () => {
    expect(() => plan({ Binds: ['/x:/a', '/y:/a/'] })).toThrow('Duplicate mount point: /a');
  });

  it('that the image wants give way to what was asked for', () => {
    expect(specs({ Binds: ['/x:/data'] }, { '/data': {}, '/log': {} })).toEqual([
      { type: 'bind', source: '/x', target: '/data' },
      { type: 'bind', source: '/data/volumes/v1/_data', target: '/log' },
    ]);
  });

  it('of another container can be had, read-only too', () => {
    const others = plan({ Binds: ['/x:/a'] });
    expect(specs({ VolumesFrom: ['other:ro'] }, {}, others)).toEqual([
      { type: 'bind', source: '/x', target: '/a', readonly: true },
    ]);
    expect(() => plan({ VolumesFrom: ['other:rx'] })).toThrow("invalid specification: 'other:rx'");
  });
});
