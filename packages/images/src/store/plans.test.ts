import { describe, expect, test } from 'vitest';

import type { Digest } from '../digest.js';
import type { Descriptor } from '../schema/manifest.js';
import { choosePlatform } from '../schema/platform.js';
import { chainIds } from './chain-id.js';
import { historyOf } from './history.js';
import type { ImageIndex, IndexedImage } from './image-index.js';
import { named, nameOf } from './image-index.js';
import { withName, withoutNames } from './index-changes.js';
import { Leases } from './leases.js';
import { lookUp } from './lookup.js';
import { type ImageUser, planRemoval, type RemovalPlan } from './removal.js';

const id = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const descriptor = (digit: string): Descriptor => ({ mediaType: 'm', digest: id(digit), size: 1 });
const BUSYBOX = 'docker.io/library/busybox:latest';
const OTHER = 'docker.io/library/other:1';

/** Images have the digest of their manifest as id here. `aa…` and `ab…` share their first digit. */
const idOf = ({ digest }: Descriptor): Digest => digest;

function indexOf(images: Readonly<Record<string, readonly string[]>>): ImageIndex {
  const map = new Map<Digest, IndexedImage>();
  const names = new Map<string, Digest>();
  for (const [digits, own] of Object.entries(images)) {
    const digest = digits.length === 64 ? (`sha256:${digits}` as const) : id(digits);
    const resolved = {
      config: { rootfs: { diff_ids: [id('0'), digest] } },
    } as unknown as IndexedImage['resolved'];
    map.set(digest, { resolved, names: own.map((name) => ({ name, digest })) });
    for (const name of own) names.set(name, digest);
  }
  return { images: map, idOfName: (name: string) => names.get(name) } as unknown as ImageIndex;
}

describe('names', () => {
  const show = (list: readonly Descriptor[]): string[] =>
    list.map((one) => `${one.digest.slice(7, 8)} ${nameOf(one) ?? '-'}`).toSorted();

  test('an image gets its first name in the place of none', () => {
    const before = withName([], descriptor('a'), undefined, idOf);
    expect(show(before)).toEqual(['a -']);
    expect(withName(before, descriptor('a'), undefined, idOf)).toBe(before);
    const after = withName(before, descriptor('a'), BUSYBOX, idOf);
    expect(show(after)).toEqual([`a ${BUSYBOX}`]);
    expect(withName(after, descriptor('a'), BUSYBOX, idOf)).toBe(after);
    expect(show(withName(after, descriptor('a'), OTHER, idOf))).toEqual([`a ${BUSYBOX}`, `a ${OTHER}`]);
  });

  test('the image that loses its last name stays without one', () => {
    const before = withName([], descriptor('a'), BUSYBOX, idOf);
    const after = withName(before, descriptor('b'), BUSYBOX, idOf);
    expect(show(after)).toEqual(['a -', `b ${BUSYBOX}`]);
    expect(show(withoutNames(after, [BUSYBOX, 'unknown'], idOf))).toEqual(['a -', 'b -']);
  });

  test('are where other tools look for them', () => {
    expect(named(descriptor('a'), BUSYBOX).annotations).toEqual({
      'io.containerd.image.name': BUSYBOX,
      'org.opencontainers.image.ref.name': BUSYBOX,
    });
  });
});

describe('lookUp', () => {
  const index = indexOf({
    a: [BUSYBOX],
    [`a${'b'.repeat(63)}`]: [OTHER],
    c: ['docker.io/library/abc:latest'],
  });
  const idFor = (text: string): string => lookUp(index, text).id.slice(7, 11);

  test('finds names, ids and their beginnings', () => {
    expect(idFor('busybox')).toBe('aaaa');
    expect(idFor('docker.io/library/busybox:latest')).toBe('aaaa');
    expect(idFor(`busybox@${id('a')}`)).toBe('aaaa');
    expect(idFor(id('a'))).toBe('aaaa');
    expect(idFor('a'.repeat(64))).toBe('aaaa');
    expect(idFor('aa')).toBe('aaaa');
    expect(idFor('sha256:ab')).toBe('abbb');
    // A name comes before the beginning of an id.
    expect(idFor('abc')).toBe('cccc');
  });

  test.each([
    ['busybox:2', 'image: no such image: busybox:2'],
    ['nothing', 'image: no such image: nothing:latest'],
    ['dddd', 'image: no such image: dddd'],
    [`other@${id('a')}`, `image: no such image: other@${id('a')}`],
    ['a', 'image: a is the beginning of 2 ids: aaaaaaaaaaaa, abbbbbbbbbbb'],
    ['Bad', 'image name: "Bad" has upper-case letters'],
    [id('d'), `image: no such image: ${id('d')}`],
  ])('refuses %s', (text, message) => {
    expect(() => lookUp(index, text)).toThrow(message);
  });
});

describe('planRemoval', () => {
  const running: ImageUser = { containerId: 'f00'.repeat(21), isRunning: true };
  const stopped: ImageUser = { containerId: 'e00'.repeat(21), isRunning: false };
  const CHAIN = chainIds([id('0'), id('a')])[1];

  function plan(
    names: readonly string[],
    text: string,
    options: { force?: boolean; users?: readonly ImageUser[] } = {},
  ): RemovalPlan {
    const index = indexOf({ a: names, b: ['docker.io/library/shares:latest'] });
    const descriptors = [...names.map((name) => named(descriptor('a'), name)), descriptor('b')];
    const { force = false, users = [] } = options;
    return planRemoval({ found: lookUp(index, text), force, users, index, descriptors, idOf });
  }

  const deleted = [{ Deleted: id('a') }, { Deleted: CHAIN }];

  test('a name of several is taken away', () => {
    const { items, descriptors } = plan([BUSYBOX, OTHER], 'busybox', { users: [running] });
    expect(items).toEqual([{ Untagged: 'busybox:latest' }]);
    expect(descriptors.map((one) => nameOf(one))).toEqual([OTHER, undefined]);
  });

  test('the last name takes the image along, and the layers that no other has', () => {
    const { items, descriptors } = plan([BUSYBOX], 'busybox');
    expect(items).toEqual([{ Untagged: 'busybox:latest' }, ...deleted]);
    expect(descriptors).toEqual([descriptor('b')]);
  });

  test('an id takes the names of one repository along', () => {
    const names = [BUSYBOX, 'docker.io/library/busybox:1'];
    expect(plan(names, id('a')).items).toEqual([
      { Untagged: 'busybox:1' },
      { Untagged: 'busybox:latest' },
      ...deleted,
    ]);
    expect(plan([], 'aaaa').items).toEqual(deleted);
  });

  test('an id with names in several repositories must be forced', () => {
    expect(() => plan([BUSYBOX, OTHER], 'aaaa')).toThrow(
      'unable to delete aaaaaaaaaaaa (must be forced) - image is referenced in multiple repositories',
    );
    expect(plan([BUSYBOX, OTHER], 'aaaa', { force: true }).items.length).toBe(4);
  });

  test('an image that is used', () => {
    expect(() => plan([BUSYBOX], 'busybox', { users: [stopped] })).toThrow(
      'unable to remove repository reference "busybox:latest" (must force) - container e00e00e00e00 is using its ' +
        'referenced image aaaaaaaaaaaa',
    );
    expect(() => plan([BUSYBOX], 'aaaa', { users: [stopped] })).toThrow(
      'unable to delete aaaaaaaaaaaa (must be forced) - image is being used by stopped container e00e00e00e00',
    );
    expect(() => plan([BUSYBOX], 'aaaa', { users: [stopped, running], force: true })).toThrow(
      'unable to delete aaaaaaaaaaaa (cannot be forced) - image is being used by running container f00f00f00f00',
    );
    expect(plan([BUSYBOX], 'busybox', { users: [stopped], force: true }).items.length).toBe(3);
    // Its name can be taken from under a running container, forced; the image stays.
    const { items, descriptors } = plan([BUSYBOX], 'busybox', { users: [running], force: true });
    expect(items).toEqual([{ Untagged: 'busybox:latest' }]);
    expect(descriptors).toContainEqual(descriptor('a'));
  });
});

test('chain ids are those of the OCI specification', () => {
  const [first, second] = ['a', 'b'].map((digit) => id(digit));
  expect(chainIds([first as Digest])).toEqual([first]);
  // printf 'sha256:aa… sha256:bb…' | sha256sum
  expect(chainIds([first as Digest, second as Digest])[1]).toBe(
    'sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c',
  );
});

test('history has a step for each layer, the last first', () => {
  const items = historyOf(
    {
      id: id('f'),
      tags: ['x:y'],
      config: {
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: [id('1'), id('2'), id('3')] },
        history: [
          { created: '2020-01-01T00:00:00Z', created_by: 'ADD rootfs' },
          { created_by: 'ENV A=1', empty_layer: true },
          { created_by: 'RUN make', comment: 'c' },
        ],
      },
    },
    (diffId) => Number(diffId.slice(-1)) * 100,
  );
  expect(items.map(({ id: own, createdBy, sizeBytes, tags }) => [own, createdBy, sizeBytes, tags])).toEqual([
    [id('f'), '', 300, ['x:y']],
    [undefined, 'RUN make', 200, []],
    [undefined, 'ENV A=1', 0, []],
    [undefined, 'ADD rootfs', 100, []],
  ]);
  expect(items.at(-1)?.created).toEqual(new Date('2020-01-01'));
  expect(items[0]?.created).toBeUndefined();
});

test('a platform is chosen, or the only one there is', () => {
  const on = (digit: string, architecture: string): Descriptor => ({
    ...descriptor(digit),
    platform: { os: 'linux', architecture },
  });
  const host = { os: 'linux', architecture: 'arm64' };
  expect(choosePlatform([on('a', 'amd64'), on('b', 'arm64')], host)?.digest).toBe(id('b'));
  expect(choosePlatform([on('a', 'amd64')], host)?.digest).toBe(id('a'));
  expect(choosePlatform([on('a', 'amd64'), on('b', '386')], host)).toBeUndefined();
  expect(choosePlatform([], host)).toBeUndefined();
});

test('what is held by several is released by the last', async () => {
  const leases = new Leases();
  const released: Digest[][] = [];
  const begin = (): ReturnType<Leases['begin']> =>
    leases.begin(async (digests) => void released.push([...digests]));
  const first = begin();
  const second = begin();
  first.hold(id('a'), id('b'), id('a'));
  second.hold(id('a'));
  await first[Symbol.asyncDispose]();
  expect(released).toEqual([[id('b')]]);
  expect(leases.has(id('a'))).toBe(true);
  await second[Symbol.asyncDispose]();
  expect(released[1]).toEqual([id('a')]);
  expect(leases.has(id('a'))).toBe(false);
});
