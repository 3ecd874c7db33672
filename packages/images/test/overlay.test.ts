import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import type { ImageStore, Snapshot } from '../src/index.js';
import { archive, type RawEntry } from './archives.js';
import { scratch } from './scratch.js';
import { expectSound, importFile, loadAll, openStore } from './stores.js';
import { dockerArchiveOf } from './docker-archive.js';

/** Mounts a snapshot in a mount namespace of its own, and runs a shell there. Nothing is left mounted. */
function inOverlay({ lower, upper, work }: Snapshot, mountPoint: string, script: string): string {
  mkdirSync(mountPoint, { recursive: true });
  const options = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`;
  const commands = `mount -t overlay overlay -o "$1" "$2" && cd "$2" && ${script}`;
  return execFileSync('unshare', ['--mount', 'sh', '-ec', commands, 'sh', options, mountPoint], {
    encoding: 'utf8',
  }).trim();
}

describe('a snapshot', needs('linux', 'root', 'overlayfs', 'unshare'), () => {
  const at = scratch('overlay');
  let count = 0;
  const fresh = (): string => at(`store-${count++}`);

  /** Load an image of some layers, lowest first, and make a snapshot of it. */
  async function snapshotOf(
    store: ImageStore,
    ...layers: readonly (readonly RawEntry[])[]
  ): Promise<Snapshot> {
    await loadAll(
      store,
      dockerArchiveOf(
        layers.map((entries) => archive(...entries)),
        'image:test',
      ),
    );
    return store.snapshot(`c${count++}`, 'image:test');
  }

  test('shows the layers one on top of the other, less what they take away', async () => {
    await using store = await openStore(fresh());
    const snapshot = await snapshotOf(
      store,
      [
        { name: 'stays', data: '1' },
        { name: 'gone', data: '1' },
        { name: 'changed', data: '1' },
        { name: 'd/', type: '5' },
        { name: 'd/old', data: '1' },
        { name: 'e/', type: '5' },
        { name: 'e/old', data: '1' },
        { name: 'becomes-dir', data: '1' },
        { name: 'becomes-file/', type: '5' },
        { name: 'becomes-file/x', data: '1' },
      ],
      [
        { name: '.wh.gone' },
        { name: 'changed', data: '2' },
        { name: 'd/', type: '5' },
        { name: 'd/.wh..wh..opq' },
        { name: 'd/new', data: '2' },
        { name: '.wh.e' },
        { name: 'e/', type: '5' },
        { name: 'e/new', data: '2' },
        { name: 'becomes-dir/', type: '5' },
        { name: 'becomes-dir/y', data: '2' },
        { name: 'becomes-file', data: '2' },
      ],
      [{ name: 'd/', type: '5' }, { name: 'd/newest', data: '3' }, { name: 'd/.wh.new' }],
    );
    const listed = inOverlay(
      snapshot,
      at('mnt'),
      'find . -mindepth 1 | sort; cat changed becomes-dir/y becomes-file',
    );
    expect(listed.split('\n')).toEqual([
      './becomes-dir',
      './becomes-dir/y',
      './becomes-file',
      './changed',
      './d',
      './d/newest',
      './e',
      './e/new',
      './stays',
      '222',
    ]);
  });

  test('takes changes, and the layers stay as they are', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const image = await importFile(store, 'original', 'x');
    const [first, second] = [await store.snapshot('a', 'x'), await store.snapshot('b', image.id)];
    inOverlay(first, at('mnt'), 'echo changed > file; rm -f gone; mkdir -p new/dir; touch new/dir/f');
    expect(inOverlay(second, at('mnt'), 'cat file; ls')).toBe('originalfile');
    expect(readFileSync(join(first.upper, 'file'), 'utf8')).toBe('changed\n');
    expect(readFileSync(join(first.lower[0] ?? '', 'file'), 'utf8')).toBe('original');
    await store.removeSnapshot('a');
    await store.removeSnapshot('b');
    expectSound(path, store);
  });

  test('has the root directory that the image has', async () => {
    await using store = await openStore(fresh());
    const root: RawEntry = { name: './', type: '5', mode: 0o1710, uid: 3, gid: 4, mtime: 1_000_000_000 };
    const snapshot = await snapshotOf(store, [root], [{ name: 'file', data: 'x' }]);
    expect(inOverlay(snapshot, at('mnt'), 'stat -c "%a %u %g %Y" .')).toBe('1710 3 4 1000000000');
  });

  test('has the attributes of directories that only a lower layer describes', async () => {
    await using store = await openStore(fresh());
    const snapshot = await snapshotOf(
      store,
      [
        { name: 'tmp/', type: '5', mode: 0o1777 },
        { name: 'srv/', type: '5', mode: 0o750, gid: 33 },
        {
          name: 'srv/data/',
          type: '5',
          mode: 0o2770,
          uid: 5,
          gid: 6,
          mtime: 1000,
          pax: { 'SCHILY.xattr.trusted.kept': 'yes' },
        },
        { name: 'old/', type: '5', mode: 0o700 },
        { name: 'old/dir/', type: '5', mode: 0o700 },
        { name: 'hidden/', type: '5', mode: 0o700 },
        { name: 'hidden/dir/', type: '5', mode: 0o700 },
      ],
      [
        { name: 'tmp/file', data: 'x' },
        { name: 'srv/data/sub/file', data: 'x' },
        { name: '.wh.old' },
        { name: 'hidden/.wh..wh..opq' },
      ],
      [
        { name: 'old/dir/again', data: 'x' },
        { name: 'hidden/again', data: 'x' },
        { name: 'hidden/dir/again', data: 'x' },
        { name: 'srv/', type: '5', mode: 0o711 },
      ],
    );
    const listed = inOverlay(
      snapshot,
      at('mnt'),
      'find . -mindepth 1 -type d | sort | xargs stat -c "%n %a %u %g %Y"',
    );
    expect(listed.split('\n')).toEqual([
      // What was taken away lends nothing to what came later under its name.
      './hidden 755 0 0 0',
      './hidden/dir 755 0 0 0',
      './old 755 0 0 0',
      './old/dir 755 0 0 0',
      './srv 711 0 0 0',
      './srv/data 2770 5 6 1000',
      './srv/data/sub 755 0 0 0',
      './tmp 1777 0 0 0',
    ]);
    // Only those that need it are in the container's own layer.
    expect(readdirSync(snapshot.upper, { recursive: true, encoding: 'utf8' }).toSorted()).toEqual([
      'srv',
      'srv/data',
      'tmp',
    ]);
  });

  test('of an image with a layer twice, and with none', async () => {
    await using store = await openStore(fresh());
    const empty: RawEntry[] = [];
    const file: RawEntry[] = [{ name: 'file', data: 'one' }];
    const twice = await snapshotOf(store, file, empty, [{ name: 'file', data: 'two' }], empty, file);
    expect(new Set(twice.lower).size).toBe(twice.lower.length);
    expect(twice.lower.length).toBe(3);
    expect(inOverlay(twice, at('mnt'), 'cat file')).toBe('one');
    const none = await snapshotOf(store);
    expect(none.lower.length).toBe(1);
    expect(inOverlay(none, at('mnt'), 'stat -c %a .; ls -A')).toBe('755');
  });

  test('of a layer that hides all below it', async () => {
    await using store = await openStore(fresh());
    const snapshot = await snapshotOf(
      store,
      [{ name: 'below', data: 'x' }],
      [{ name: '.wh..wh..opq' }, { name: 'above', data: 'x' }],
    );
    expect(inOverlay(snapshot, at('mnt'), 'ls -A')).toBe('above');
  });

  test('outlives the process, the image and its name', async () => {
    const path = fresh();
    const before = await (async () => {
      await using store = await openStore(path);
      await importFile(store, 'kept', 'x');
      return store.snapshot('web', 'x');
    })();
    writeFileSync(join(before.upper, 'written'), 'by the container');
    await using store = await openStore(path);
    expect(await store.getSnapshot('web')).toEqual(before);
    expect(store.listSnapshots()).toEqual([{ containerId: 'web', imageId: before.imageId }]);
    await expect(store.remove('x')).rejects.toThrow('container web is using its referenced image');
    await store.remove('x', { force: true });
    expect(store.list()).toEqual([]);
    expect(inOverlay(await store.getSnapshot('web'), at('mnt'), 'cat file written')).toBe(
      'keptby the container',
    );
    await store.close();
    await using again = await openStore(path);
    expect(inOverlay(await again.getSnapshot('web'), at('mnt'), 'cat file')).toBe('kept');
    await again.removeSnapshot('web');
    expectSound(path, again);
  });

  test('is refused for a bad or taken id, or an image that is not there', async () => {
    const path = fresh();
    await using store = await openStore(path);
    await importFile(store, 'x', 'x');
    await store.snapshot('web', 'x');
    for (const id of ['', '.', '..', '../x', 'a/b', '-a', 'a'.repeat(129), 'ü']) {
      await expect(store.snapshot(id, 'x'), id).rejects.toMatchObject({ code: 'ERR_NS_INVALID_ARGUMENT' });
      await expect(store.removeSnapshot(id), id).resolves.toBeUndefined();
    }
    await expect(store.snapshot('web', 'x')).rejects.toMatchObject({ code: 'ERR_NS_CONFLICT' });
    await expect(store.snapshot('other', 'nothing')).rejects.toMatchObject({ code: 'ERR_NS_NOT_FOUND' });
    await expect(store.getSnapshot('other')).rejects.toMatchObject({ code: 'ERR_NS_NOT_FOUND' });
    expect(readdirSync(join(path, 'rw'))).toEqual(['web']);
    expect(existsSync(join(path, 'rw/web/upper'))).toBe(true);
  });

  test('one of two that want the same id at once gets it', async () => {
    await using store = await openStore(fresh());
    await importFile(store, 'x', 'x');
    const outcomes = await Promise.allSettled([store.snapshot('web', 'x'), store.snapshot('web', 'x')]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(store.listSnapshots().length).toBe(1);
  });

  test('is removed whatever the container and the overlay file system left in it', async () => {
    const path = fresh();
    await using store = await openStore(path);
    await importFile(store, 'x', 'x');
    const snapshot = await store.snapshot('web', 'x');
    inOverlay(
      snapshot,
      at('mnt'),
      'mkdir -p secret/in && touch secret/in/f && chmod 000 secret/in secret; ln -s /etc out; rm file',
    );
    expect(readdirSync(snapshot.work)).toEqual(['work']);
    expect(statSync(join(snapshot.work, 'work')).mode & 0o777).toBe(0);
    chmodSync(snapshot.upper, 0o000);
    await store.removeSnapshot('web');
    expect(existsSync('/etc/passwd')).toBe(true);
    expect(readdirSync(join(path, 'rw'))).toEqual([]);
    expectSound(path, store);
  });
});
