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
import { gzipSync } from 'node:zlib';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { hostPlatform } from '../src/index.js';
import { archive, sha256 } from './archives.js';
import { scratch } from './scratch.js';
import { expectSound, importFile, openStore, rootfs, streamOf } from './stores.js';

describe('a store', needs('linux', 'root'), () => {
  const at = scratch('store');
  let count = 0;
  const fresh = (): string => at(`store-${count++}`);

  test('is an OCI layout that root alone can reach', async () => {
    const path = fresh();
    await using store = await openStore(path);
    expect(statSync(path).mode & 0o7777).toBe(0o700);
    expect(JSON.parse(readFileSync(join(path, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    });
    expect(store.list()).toEqual([]);
    expectSound(path, store);
  });

  test('of a directory that others could reach is closed to them', async () => {
    const path = fresh();
    mkdirSync(path);
    chmodSync(path, 0o755);
    await using _ = await openStore(path);
    expect(statSync(path).mode & 0o7777).toBe(0o700);
  });

  test('is open once at a time, and again when it was closed', async () => {
    const path = fresh();
    const store = await openStore(path);
    await expect(openStore(path)).rejects.toMatchObject({
      code: 'ERR_NS_CONFLICT',
      message: `image store: ${path}/store.lock is locked: the store is open in another process`,
    });
    await store.close();
    await store.close();
    await using again = await openStore(path);
    expect(again.list()).toEqual([]);
  });

  test('with an index that is none is refused, and left as it is', async () => {
    const path = fresh();
    await (await openStore(path)).close();
    writeFileSync(join(path, 'index.json'), '{"schemaVersion":2,"manifests":[{}]}');
    await expect(openStore(path)).rejects.toThrow(
      `image store: ${path}/index.json: manifests[0].mediaType is missing`,
    );
    writeFileSync(join(path, 'index.json'), '{"schemaVersion":2,"manifests":[]}');
    await (await openStore(path)).close();
  });

  test('imports an archive as docker import does', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const bytes = rootfs('content', { name: 'bin/', type: '5' });
    const image = await store.import(streamOf(bytes), {
      ref: 'debian:test',
      changes: ['CMD ["bash"]', 'ENV A=1', 'LABEL a=b'],
      message: 'a message',
      created: new Date('2024-05-06T07:08:09Z'),
    });
    expect(image).toMatchObject({
      tags: ['debian:test'],
      sizeBytes: 7,
      created: new Date('2024-05-06T07:08:09Z'),
      layers: [
        {
          diffId: sha256(bytes),
          digest: sha256(bytes),
          sizeBytes: bytes.length,
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
        },
      ],
      config: {
        ...hostPlatform(),
        comment: 'a message',
        config: { Cmd: ['bash'], Env: ['A=1'], Labels: { a: 'b' } },
        rootfs: { type: 'layers', diff_ids: [sha256(bytes)] },
        history: [{ created: '2024-05-06T07:08:09.000Z', comment: 'a message' }],
      },
    });
    expect(image.repoDigests).toEqual([expect.stringMatching(/^debian@sha256:[0-9a-f]{64}$/)]);
    expect(store.get('debian:test')).toEqual(image);
    expect(store.get(image.repoDigests[0] ?? '')).toEqual(image);
    expect(store.history('debian:test')).toMatchObject([
      { id: image.id, comment: 'a message', sizeBytes: 7 },
    ]);
    expectSound(path, store);
  });

  test('keeps a packed archive packed, and knows its layer by what is in it', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const bytes = rootfs('content');
    const packed = gzipSync(bytes);
    const plain = await importFile(store, 'content', 'plain');
    const other = await store.import(streamOf(packed), { ref: 'packed', created: new Date(0) });
    // The same configuration is the same image, by whatever archive it came.
    expect(other.id).toBe(plain.id);
    expect(other.tags).toEqual(['packed:latest', 'plain:latest']);
    expectSound(path, store);
    await store.remove(other.id, { force: true });
    const [layer] = (await store.import(streamOf(packed), { created: new Date(1) })).layers;
    expect(layer).toMatchObject({ diffId: sha256(bytes), digest: sha256(packed), sizeBytes: packed.length });
    expect(layer?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
    expectSound(path, store);
  });

  test('refuses bad arguments before it reads anything', async () => {
    await using store = await openStore(fresh());
    let isRead = false;
    const source = async function* (): AsyncGenerator<Buffer> {
      isRead = true;
      yield rootfs('x');
    };
    await expect(store.import(source(), { ref: 'Bad' })).rejects.toMatchObject({
      code: 'ERR_NS_INVALID_ARGUMENT',
    });
    await expect(store.import(source(), { changes: ['RUN x'] })).rejects.toThrow('"RUN" is no instruction');
    expect(isRead).toBe(false);
  });

  test.each([
    [
      'an archive that is cut off',
      rootfs('x'.repeat(3000)).subarray(0, 2000),
      'tar: the archive ends within an entry',
    ],
    [
      'an archive without an end',
      rootfs('x').subarray(0, -1024),
      'tar: the archive ends without the blocks of zeros',
    ],
    ['nothing', Buffer.alloc(0), 'tar: the archive ends without the blocks of zeros'],
    ['text', Buffer.alloc(2000, 'text '), 'no tar archive at all'],
    [
      'packed data that is cut off',
      gzipSync(rootfs('x')).subarray(0, -20),
      'the gzip data is damaged: it ends too early',
    ],
    ['a hostile archive', archive({ name: 'ok', data: 'x' }, { name: '../x' }), 'has ".." in it'],
  ])('leaves nothing of %s', async (_, bytes, fact) => {
    const path = fresh();
    await using store = await openStore(path);
    await expect(store.import(streamOf(bytes), { ref: 'x' })).rejects.toThrow(fact);
    expect(store.list()).toEqual([]);
    expectSound(path, store);
  });

  test('leaves nothing of an archive whose stream fails', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const source = async function* (): AsyncGenerator<Buffer> {
      yield rootfs('x'.repeat(100_000)).subarray(0, 50_000);
      throw new Error('the client went away');
    };
    await expect(store.import(source())).rejects.toThrow('the client went away');
    await expect(store.import(at('no such file'))).rejects.toMatchObject({ code: 'ENOENT' });
    expectSound(path, store);
  });

  test('imports an archive of nothing', async () => {
    const path = fresh();
    await using store = await openStore(path);
    expect((await store.import(streamOf(archive()), { ref: 'scratch' })).sizeBytes).toBe(0);
    expectSound(path, store);
  });

  test('gives names, and moves them', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const first = await importFile(store, 'first', 'app:1');
    await store.tag('app:1', 'localhost:5000/app');
    const second = await importFile(store, 'second', 'app:1');
    expect(store.get(first.id).tags).toEqual(['localhost:5000/app:latest']);
    await store.tag(second.id.slice(7, 19), 'localhost:5000/app');
    expect(store.get(first.id).tags).toEqual([]);
    expect(store.get('localhost:5000/app').id).toBe(second.id);
    expect(store.list().length).toBe(2);
    await expect(store.tag('nothing', 'x')).rejects.toMatchObject({ code: 'ERR_NS_NOT_FOUND' });
    await expect(store.tag('app:1', 'Bad')).rejects.toMatchObject({ code: 'ERR_NS_INVALID_ARGUMENT' });
    await expect(store.tag('app:1', `x@${first.id}`)).rejects.toThrow('has a digest');
    expectSound(path, store);
  });

  test('removes images with what no other needs', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const shared = rootfs('shared');
    const one = await store.import(streamOf(shared), { ref: 'one', message: '1' });
    const two = await store.import(streamOf(shared), { ref: 'two', message: '2' });
    await store.tag('one', 'uno');
    expect(await store.remove('uno')).toEqual([{ Untagged: 'uno:latest' }]);
    expect(await store.remove('one')).toEqual([{ Untagged: 'one:latest' }, { Deleted: one.id }]);
    expectSound(path, store);
    expect(existsSync(join(path, 'layers', sha256(shared).slice(7)))).toBe(true);
    expect(await store.remove(two.id)).toEqual([
      { Untagged: 'two:latest' },
      { Deleted: two.id },
      { Deleted: sha256(shared) },
    ]);
    await expect(store.remove('two')).rejects.toMatchObject({ code: 'ERR_NS_NOT_FOUND' });
    expect(readdirSync(join(path, 'layers'))).toEqual([]);
    expectSound(path, store);
  });

  test('is the same after it was opened again', async () => {
    const path = fresh();
    const before = await (async () => {
      await using store = await openStore(path);
      await importFile(store, 'one', 'one:1');
      await importFile(store, 'two');
      await store.tag('one:1', 'one:2');
      return store.list();
    })();
    await using store = await openStore(path);
    expect(store.list()).toEqual(before);
    expectSound(path, store);
  });

  test('takes many operations at once', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const work = Array.from({ length: 24 }, async (_, index) => {
      // A few archives, imported at once by several under names that several want.
      const image = await store.import(streamOf(rootfs(`content ${index % 3}`)), {
        ref: `app${index % 5}`,
        message: `${index % 6}`,
        created: new Date(0),
      });
      await store.tag(image.id, `kept:${index % 6}`);
      await store.tag(image.id, `by-number:${index}`);
      if (index % 2 === 0) await store.snapshot(`c${index}`, image.id);
      if (index % 4 === 0) await store.removeSnapshot(`c${index}`);
      if (index % 3 === 0) await store.remove(`by-number:${index}`);
      return image.id;
    });
    const ids = new Set(await Promise.all(work));
    expect(ids.size).toBe(6);
    expect(store.listSnapshots().length).toBe(6);
    for (const { containerId } of store.listSnapshots()) {
      const { lower } = await store.getSnapshot(containerId);
      expect(readFileSync(join(lower[0] ?? '', 'file'), 'utf8')).toMatch(/^content [012]$/);
      await store.removeSnapshot(containerId);
    }
    await store.close();
    await using again = await openStore(path);
    expect(
      again
        .list()
        .flatMap(({ tags }) => tags)
        .filter((tag) => tag.startsWith('by-number')).length,
    ).toBe(16);
    expectSound(path, again);
  });

  test('removes an image while it is imported again, and has it or not, all of it', async () => {
    const path = fresh();
    await using store = await openStore(path);
    await importFile(store, 'x', 'x');
    for (let round = 0; round < 10; round++) {
      const remove = store.remove('x').catch((error: unknown) => error);
      await Promise.all([importFile(store, 'x', 'x'), remove]);
      await store.snapshot('c', (await importFile(store, 'x', 'x')).id);
      await store.removeSnapshot('c');
      expect(store.get('x').sizeBytes).toBe(1);
    }
    expectSound(path, store);
  });
});

describe('what a process left behind', needs('linux', 'root'), () => {
  const at = scratch('leftovers');

  test('is taken away when the store is opened', async () => {
    const path = at('store');
    const image = await (async () => {
      await using store = await openStore(path);
      return importFile(store, 'x', 'x');
    })();
    mkdirSync(join(path, 'ingest/half/diff'), { recursive: true });
    writeFileSync(join(path, 'ingest/half/blob'), 'half of one');
    mkdirSync(join(path, 'trash/old/sub'), { recursive: true });
    const orphan = Buffer.from('a blob that was stored and not entered');
    writeFileSync(join(path, 'blobs/sha256', sha256(orphan).slice(7)), orphan);
    mkdirSync(join(path, 'layers', 'ab'.repeat(32), 'diff'), { recursive: true });
    writeFileSync(
      join(path, 'layers', 'ab'.repeat(32), 'layer.json'),
      JSON.stringify({
        diffId: `sha256:${'ab'.repeat(32)}`,
        entries: 0,
        sizeBytes: 0,
        implied: [],
        isOpaque: false,
      }),
    );
    await using store = await openStore(path);
    expect(store.list().map(({ id }) => id)).toEqual([image.id]);
    expectSound(path, store);
  });

  test('a layer that was not on disk before a restart of the machine is unpacked again', async () => {
    const path = at('unsynced');
    const diffId = await (async () => {
      await using store = await openStore(path);
      return (await importFile(store, 'the real content', 'x')).layers[0]?.diffId ?? '';
    })();
    const layer = join(path, 'layers', diffId.slice(7));
    const record = JSON.parse(readFileSync(join(layer, 'layer.json'), 'utf8')) as object;
    expect(record).not.toHaveProperty('unsyncedInBoot');
    // As if the power had failed: the name is there, the content is not.
    writeFileSync(join(layer, 'diff/file'), '');
    writeFileSync(join(layer, 'layer.json'), JSON.stringify({ ...record, unsyncedInBoot: 'another boot' }));
    await using store = await openStore(path);
    expect(existsSync(layer)).toBe(false);
    const [lower] = await store.lowerDirectories('x');
    expect(readFileSync(join(lower ?? '', 'file'), 'utf8')).toBe('the real content');
    expectSound(path, store);
  });

  test('a layer whose archive was changed on disk is not used', async () => {
    const path = at('changed');
    const digest = await (async () => {
      await using store = await openStore(path);
      return (await importFile(store, 'x', 'x')).layers[0]?.digest ?? '';
    })();
    const blob = join(path, 'blobs/sha256', digest.slice(7));
    const bytes = readFileSync(blob);
    bytes.fill('y', 1024, 1025);
    writeFileSync(blob, bytes);
    const problems: string[] = [];
    writeFileSync(join(path, 'layers', digest.slice(7), 'layer.json'), 'no JSON');
    await using store = await openStore(path, { onProblem: ({ message }) => void problems.push(message) });
    expect(problems).toEqual([expect.stringContaining('has no valid record and is unpacked again')]);
    await expect(store.snapshot('c', 'x')).rejects.toThrow('in the place of');
    expect(store.listSnapshots()).toEqual([]);
  });

  test('an image that lacks a blob is told, and the others are there', async () => {
    const path = at('broken');
    const broken = await (async () => {
      await using store = await openStore(path);
      await importFile(store, 'whole', 'whole');
      return importFile(store, 'broken', 'broken');
    })();
    writeFileSync(join(path, 'blobs/sha256', broken.id.slice(7)), '{}');
    const problems: Error[] = [];
    const options = { onProblem: (problem: Error): void => void problems.push(problem) };
    {
      await using store = await openStore(path, options);
      expect(store.list().map(({ tags }) => tags[0])).toEqual(['whole:latest']);
      expect(problems.map(({ message }) => message)).toEqual([
        'image store: docker.io/library/broken:latest is not usable',
      ]);
      expect(String(problems[0]?.cause)).toContain('was changed on disk');
    }
    // Loaded again it is there again.
    await using store = await openStore(path, options);
    await store.import(streamOf(rootfs('other')), { ref: 'broken' });
    expect(store.get('broken').sizeBytes).toBe(5);
  });
});

describe('a built-in image', needs('linux', 'root'), () => {
  const at = scratch('builtin');
  const image = {
    name: 'hello-world',
    files: new Map([
      ['hello', { mode: 0o755, bytes: Buffer.from('a program') }],
      ['etc/deep/motd', { mode: 0o644, bytes: Buffer.from('hi') }],
      ['etc/deep/other', { mode: 0o600, bytes: Buffer.from('') }],
    ]),
    config: { Cmd: ['/hello'] },
    message: 'ns',
  };

  test('is the same wherever it is made, and made once', async () => {
    const path = at('store');
    await using store = await openStore(path);
    const made = await store.addBuiltin(image);
    expect(made).toMatchObject({ tags: ['hello-world:latest'], sizeBytes: 11, created: new Date(0) });
    expect(made.layers[0]?.diffId).toBe(
      'sha256:b9e86956de3342742b620c42b638d132b0fccfb76e17e85058fd966e15b20575',
    );
    expectSound(path, store);
    const [lower] = await store.lowerDirectories('hello-world');
    expect(statSync(join(lower ?? '', 'hello')).mode & 0o7777).toBe(0o755);
    expect(readFileSync(join(lower ?? '', 'etc/deep/motd'), 'utf8')).toBe('hi');
    const before = statSync(join(path, 'index.json'), { bigint: true }).mtimeNs;
    expect(await store.addBuiltin(image)).toEqual(made);
    expect(statSync(join(path, 'index.json'), { bigint: true }).mtimeNs).toBe(before);
  });

  test('gives way to a newer one, and takes no name of the user', async () => {
    const path = at('versions');
    await using store = await openStore(path);
    const first = await store.addBuiltin(image);
    const second = await store.addBuiltin({ ...image, config: { Cmd: ['/hello', 'again'] } });
    expect(second.id).not.toBe(first.id);
    expect(store.get('hello-world').id).toBe(second.id);
    await store.remove(first.id);
    const mine = await importFile(store, 'mine', 'hello-world');
    expect((await store.addBuiltin(image)).id).toBe(mine.id);
    expectSound(path, store);
  });
});
