import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';

import { needs } from '@ns/testing';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';

import { hostPlatform } from '../src/index.js';
import { archive, pieces, type RawEntry, sha256 } from './archives.js';
import { scratch } from './scratch.js';
import { expectSound, importFile, loadAll, loadedOf, openStore, rootfs, streamOf } from './stores.js';

const json = (value: unknown): string => JSON.stringify(value);
const hex = (bytes: Buffer | string): string => sha256(bytes).slice(7);
const blob = (bytes: Buffer | string): RawEntry => ({ name: `blobs/sha256/${hex(bytes)}`, data: bytes });
const described = (bytes: Buffer | string, mediaType: string): object => ({
  mediaType,
  digest: sha256(bytes),
  size: Buffer.byteLength(bytes),
});

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

/** A configuration of some layers. */
const configOf = (layers: readonly Buffer[], changes: object = {}): string =>
  json({
    ...hostPlatform(),
    config: { Cmd: ['/file'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => sha256(layer)) },
    ...changes,
  });

/** An image of layers in OCI's form: its blobs, and the descriptor of its manifest. */
function ociImage(
  layers: readonly Buffer[],
  options: { packed?: boolean; config?: object } = {},
): {
  blobs: RawEntry[];
  descriptor: object;
  id: string;
} {
  const config = configOf(layers, options.config);
  const stored = options.packed === true ? layers.map((layer) => gzipSync(layer)) : [...layers];
  const type = `application/vnd.oci.image.layer.v1.tar${options.packed === true ? '+gzip' : ''}`;
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: described(config, 'application/vnd.oci.image.config.v1+json'),
    layers: stored.map((layer) => described(layer, type)),
  });
  const blobs = [...stored, config, manifest].map((bytes) => blob(bytes));
  return { blobs, descriptor: described(manifest, MANIFEST), id: sha256(config) };
}

const ociArchive = (blobs: readonly RawEntry[], manifests: readonly object[]): Buffer =>
  archive(
    { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'blobs/', type: '5' },
    ...blobs,
    { name: 'index.json', data: json({ schemaVersion: 2, mediaType: INDEX, manifests }) },
  );

/** As Docker before 25 wrote it: a directory for each layer, and links where two images share one. */
function dockerArchive(images: readonly { layers: readonly Buffer[]; tags: readonly string[] | null }[]): {
  bytes: Buffer;
  ids: string[];
} {
  const entries: RawEntry[] = [];
  const written = new Map<string, string>();
  const manifest = images.map(({ layers, tags }, at) => {
    const config = configOf(layers);
    const names = layers.map((layer, index) => {
      const directory = hex(`${at} ${index}`);
      const first = written.get(hex(layer));
      const name = `${directory}/layer.tar`;
      entries.push({ name: `${directory}/`, type: '5' }, { name: `${directory}/VERSION`, data: '1.0' });
      entries.push(
        first === undefined ? { name, data: layer } : { name, type: '2', linkName: `../${first}` },
      );
      written.set(hex(layer), first ?? name);
      return name;
    });
    entries.push({ name: `${hex(config)}.json`, data: config });
    return { Config: `${hex(config)}.json`, RepoTags: tags, Layers: names };
  });
  const bytes = archive(
    ...entries,
    { name: 'manifest.json', data: json(manifest) },
    { name: 'repositories', data: '{}' },
  );
  return { bytes, ids: images.map(({ layers }) => sha256(configOf(layers))) };
}

describe('load', needs('linux', 'root'), () => {
  const at = scratch('load');
  let count = 0;
  const fresh = (): string => at(`store-${count++}`);
  const [base, top] = [rootfs('base'), archive({ name: 'top', data: 'on top' }, { name: '.wh.file' })];

  test('takes what docker save wrote before version 25, with several images and shared layers', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const { bytes, ids } = dockerArchive([
      { layers: [base], tags: ['base:1', 'localhost:5000/base:2'] },
      { layers: [base, top], tags: ['top:latest'] },
      { layers: [base, top, base], tags: null },
    ]);
    const events = await loadAll(store, bytes);
    expect(loadedOf(events)).toEqual([
      { id: ids[0], refs: ['base:1', 'localhost:5000/base:2'] },
      { id: ids[1], refs: ['top:latest'] },
      { id: ids[2], refs: [] },
    ]);
    expect(store.get('top')).toMatchObject({
      id: ids[1],
      sizeBytes: 10,
      config: { config: { Cmd: ['/file'] } },
    });
    const lower = await store.lowerDirectories('top');
    expect(lower.map((directory) => directory.split('/').at(-2))).toEqual([hex(top), hex(base)]);
    expect(readFileSync(join(lower[0] ?? '', 'top'), 'utf8')).toBe('on top');
    expectSound(path, store);
  });

  test('tells how far it is', async () => {
    await using store = await openStore(fresh());
    const large = archive({ name: 'large', data: Buffer.alloc(3_000_000, 'x') });
    const { bytes } = dockerArchive([{ layers: [large], tags: ['x'] }]);
    const events = [];
    for await (const event of store.load(pieces(bytes, 10_000))) events.push(event);
    const [first] = events;
    expect(first).toEqual({ kind: 'reading', bytes: 10_000 });
    expect(events).toContainEqual({
      kind: 'layer',
      diffId: sha256(large),
      bytes: large.length,
      isDone: true,
    });
    expect(events.at(-1)).toMatchObject({ kind: 'loaded', refs: ['x:latest'] });
  });

  test.each([false, true])('takes an OCI archive (layers packed: %s)', async (packed) => {
    const path = fresh();
    await using store = await openStore(path);
    const image = ociImage([base, top], { packed });
    const annotations = {
      'io.containerd.image.name': 'quay.io/a/b:c',
      'org.opencontainers.image.ref.name': 'c',
    };
    const bytes = ociArchive(image.blobs, [{ ...image.descriptor, annotations }]);
    expect(loadedOf(await loadAll(store, packed ? gzipSync(bytes) : bytes))).toEqual([
      { id: image.id, refs: ['quay.io/a/b:c'] },
    ]);
    // The manifest is stored as it is: its digest names the image too.
    const { digest } = image.descriptor as { digest: string };
    expect(store.get(`quay.io/a/b@${digest}`).id).toBe(image.id);
    expectSound(path, store);
  });

  test('takes the image for this machine of an index within an index', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const mine = ociImage([base]);
    const other = ociImage([top], { config: { architecture: 'pdp11' } });
    const attestation = ociImage([top], { config: { architecture: 'unknown' } });
    const inner = json({
      schemaVersion: 2,
      manifests: [
        { ...other.descriptor, platform: { os: 'linux', architecture: 'pdp11' } },
        { ...mine.descriptor, platform: hostPlatform() },
        {
          ...attestation.descriptor,
          platform: hostPlatform(),
          annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
        },
      ],
    });
    const annotations = { 'org.opencontainers.image.ref.name': 'multi:1' };
    const bytes = ociArchive(
      [...mine.blobs, ...other.blobs, ...attestation.blobs, blob(inner)],
      [{ ...described(inner, INDEX), annotations }],
    );
    expect(loadedOf(await loadAll(store, bytes))).toEqual([{ id: mine.id, refs: ['multi:1'] }]);
    expect(store.get(`multi@${sha256(inner)}`).id).toBe(mine.id);
    await store.close();
    await using again = await openStore(path);
    expect(again.get('multi:1').id).toBe(mine.id);
    expect(loadedOf(await loadAll(again, await buffer(again.save(['multi:1'])))).map(({ id }) => id)).toEqual(
      [mine.id],
    );
  });

  test('refuses an index without an image for this machine', async () => {
    await using store = await openStore(fresh());
    const images = ['pdp11', 'vax'].map((architecture) => ({
      architecture,
      ...ociImage([base], { config: { architecture } }),
    }));
    const inner = json({
      schemaVersion: 2,
      manifests: images.map(({ descriptor, architecture }) => ({
        ...descriptor,
        platform: { os: 'linux', architecture },
      })),
    });
    const bytes = ociArchive(
      [...images.flatMap(({ blobs }) => blobs), blob(inner)],
      [described(inner, INDEX)],
    );
    await expect(loadAll(store, bytes)).rejects.toThrow('has no image for this machine');
  });

  test('gives a name that leads elsewhere to the new image, and keeps the old one', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const old = await importFile(store, 'old', 'base:1');
    const { bytes, ids } = dockerArchive([{ layers: [base], tags: ['base:1'] }]);
    await loadAll(store, bytes);
    expect(store.get('base:1').id).toBe(ids[0]);
    expect(store.get(old.id).tags).toEqual([]);
    // Once more it changes nothing.
    await loadAll(store, bytes);
    expect(store.list().length).toBe(2);
    expectSound(path, store);
  });

  test('tags of a name that the archive does not tell are no names', async () => {
    await using store = await openStore(fresh());
    const image = ociImage([base]);
    const bytes = ociArchive(image.blobs, [
      { ...image.descriptor, annotations: { 'org.opencontainers.image.ref.name': 'latest' } },
    ]);
    expect(loadedOf(await loadAll(store, bytes))).toEqual([{ id: image.id, refs: [] }]);
  });

  test('can be given up in the middle, and leaves nothing', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const { bytes } = dockerArchive([{ layers: [rootfs('x'.repeat(100_000))], tags: ['x'] }]);
    for await (const { kind } of store.load(pieces(bytes, 1000))) if (kind === 'reading') break;
    for await (const { kind } of store.load(pieces(bytes, 1000))) if (kind === 'layer') break;
    expect(store.list()).toEqual([]);
    expectSound(path, store);
  });

  const damaged: [string, () => Buffer, RegExp | string][] = [
    ['nothing in it', (): Buffer => archive(), 'the archive has neither manifest.json nor index.json'],
    [
      'the form of an import',
      (): Buffer => rootfs('x'),
      'the archive has neither manifest.json nor index.json',
    ],
    [
      'the form of Docker before 1.10',
      (): Buffer => archive({ name: 'repositories', data: '{}' }),
      'written by Docker before 1.10',
    ],
    [
      'a manifest.json that is no list',
      (): Buffer => archive({ name: 'manifest.json', data: '{}' }),
      'manifest.json: must be Array',
    ],
    [
      'a layer that is not there',
      (): Buffer =>
        archive(
          { name: 'c.json', data: configOf([base]) },
          {
            name: 'manifest.json',
            data: json([{ Config: 'c.json', RepoTags: [], Layers: ['../../etc/passwd'] }]),
          },
        ),
      'manifest.json: [0] names "../../etc/passwd", which the archive lacks',
    ],
    [
      'links in circles',
      (): Buffer =>
        archive(
          { name: 'a', type: '2', linkName: 'b' },
          { name: 'b', type: '2', linkName: 'a' },
          { name: 'manifest.json', data: json([{ Config: 'a', RepoTags: [], Layers: [] }]) },
        ),
      'names "a", which the archive lacks',
    ],
    [
      'fewer layers than diff_ids',
      (): Buffer =>
        archive(
          { name: 'c.json', data: configOf([base]) },
          { name: 'manifest.json', data: json([{ Config: 'c.json', Layers: [] }]) },
        ),
      'c.json: rootfs.diff_ids has 1 layers where manifest.json has 0',
    ],
    [
      'a layer that is another',
      (): Buffer =>
        archive(
          { name: 'c.json', data: configOf([base]) },
          { name: 'l', data: top },
          { name: 'manifest.json', data: json([{ Config: 'c.json', RepoTags: ['x'], Layers: ['l'] }]) },
        ),
      /load image: layer 1 \(sha256:.*…\): unpack layer: its archive has the digest sha256:.* in the place of/,
    ],
    [
      'a configuration whose name is not its digest',
      (): Buffer =>
        archive(
          { name: `${'ab'.repeat(32)}.json`, data: configOf([]) },
          { name: 'manifest.json', data: json([{ Config: `${'ab'.repeat(32)}.json`, Layers: [] }]) },
        ),
      'is damaged: its content has the digest',
    ],
    [
      'a name that is none',
      (): Buffer =>
        archive(
          { name: 'c.json', data: configOf([]) },
          { name: 'manifest.json', data: json([{ Config: 'c.json', RepoTags: ['../x'], Layers: [] }]) },
        ),
      'an image with the name "../x"',
    ],
    [
      'a blob that is not there',
      (): Buffer => {
        const { blobs, descriptor } = ociImage([base]);
        return ociArchive(blobs.slice(1), [descriptor]);
      },
      'load image: the archive lacks the blob sha256:',
    ],
    [
      'a blob that was changed',
      (): Buffer => {
        const { blobs, descriptor } = ociImage([base]);
        const [first, ...others] = blobs;
        return ociArchive([{ ...first, name: first?.name ?? '', data: top }, ...others], [descriptor]);
      },
      /load image: the blob sha256:.* is damaged: its content has the digest/,
    ],
    [
      'a hostile layer',
      (): Buffer => dockerArchive([{ layers: [archive({ name: '../../x' })], tags: ['x'] }]).bytes,
      /load image: layer 1 .* has ".." in it/,
    ],
    [
      'a good image before a bad one',
      (): Buffer =>
        dockerArchive([
          { layers: [base], tags: ['good'] },
          { layers: [Buffer.from('no archive'.repeat(100))], tags: ['bad'] },
        ]).bytes,
      /load image: layer 1 /,
    ],
    [
      'its end missing',
      (): Buffer => dockerArchive([{ layers: [base], tags: ['x'] }]).bytes.subarray(0, 3000),
      'tar: the archive ends',
    ],
    ['an index of nothing', (): Buffer => ociArchive([], []), 'index.json lists no image'],
    [
      'a manifest within itself',
      (): Buffer => {
        const nest = (inner: string): string =>
          json({ schemaVersion: 2, manifests: [described(inner, INDEX)] });
        const levels = ['{"schemaVersion":2,"manifests":[]}'];
        for (let depth = 0; depth < 8; depth++) levels.push(nest(levels.at(-1) ?? ''));
        return ociArchive(
          levels.map((level) => blob(level)),
          [described(levels.at(-1) ?? '', INDEX)],
        );
      },
      'indexes are nested more than 4 deep',
    ],
  ];

  test.each(damaged)('refuses an archive with %s, and keeps nothing of it', async (_, make, fact) => {
    const path = fresh();
    await using store = await openStore(path);
    await expect(loadAll(store, make())).rejects.toThrow(fact);
    expect(store.list()).toEqual([]);
    expectSound(path, store);
  });

  /** An archive with an image that says of another layer's archive that it is `base`. */
  const lying = (layer: Buffer, cmd: string): Buffer => {
    const config = configOf([base], { config: { Cmd: [cmd] } });
    const manifest = json({
      schemaVersion: 2,
      config: described(config, 'x'),
      layers: [described(layer, 'application/vnd.oci.image.layer.v1.tar')],
    });
    return ociArchive([blob(layer), blob(config), blob(manifest)], [described(manifest, MANIFEST)]);
  };

  test.each([
    ['packed', gzipSync(top)],
    ['plain', top],
    ['that is here under another name', gzipSync(archive({ name: 'known' }))],
  ])('does not believe an archive (%s) that says it is a layer which is here', async (_, layer) => {
    const path = fresh();
    await using store = await openStore(path);
    await loadAll(store, dockerArchive([{ layers: [base], tags: ['good'] }]).bytes);
    await store.import(streamOf(gzipSync(archive({ name: 'known' }))), { ref: 'known' });
    await expect(loadAll(store, lying(layer, '/evil'))).rejects.toThrow(
      /its archive has the digest .* in the place of/,
    );
    expect(store.list().length).toBe(2);
    expectSound(path, store);
  });

  test('does not believe it either when the layer is just being unpacked, nor lets it spoil that', async () => {
    const path = fresh();
    await using store = await openStore(path);
    const good = dockerArchive([{ layers: [base], tags: ['good'] }]).bytes;
    const loads = ['/a', '/b', '/c'].map((cmd) => loadAll(store, lying(gzipSync(top), cmd)));
    const outcomes = await Promise.allSettled([
      ...loads.slice(0, 2),
      loadAll(store, good),
      ...loads.slice(2),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'rejected']);
    expect(store.list().map(({ tags }) => tags)).toEqual([['good:latest']]);
    expectSound(path, store);
  });
});

describe('save', needs('linux', 'root'), () => {
  const at = scratch('save');

  test('and load are the same images, under the same names', async () => {
    const [from, to] = [at('from'), at('to')];
    await using source = await openStore(from);
    const first = await importFile(source, 'first', 'app:1');
    await source.tag('app:1', 'app:2');
    await source.tag('app:1', 'other:1');
    const packed = await source.import(streamOf(gzipSync(rootfs('packed'))), { ref: 'packed' });
    const nameless = await importFile(source, 'nameless');
    const bytes = await buffer(source.save(['app', 'packed', nameless.id, 'app:1']));
    await using target = await openStore(to);
    const loaded = loadedOf(await loadAll(target, bytes));
    expect(new Set(loaded.flatMap(({ refs }) => refs))).toEqual(new Set(['app:1', 'app:2', 'packed:latest']));
    expect(target.get('app:2')).toEqual({
      ...source.get('app:2'),
      tags: ['app:1', 'app:2'],
      repoDigests: [source.get('app:2').repoDigests[0]],
    });
    expect(target.get('packed')).toEqual(source.get('packed'));
    expect(new Set(target.list().map(({ id }) => id))).toEqual(new Set([first.id, packed.id, nameless.id]));
    expectSound(to, target);
    // And the archive is the same, whenever and wherever it is written.
    expect((await buffer(target.save(['app', 'packed', nameless.id]))).equals(bytes)).toBe(true);
  });

  test('writes both forms, as Docker does since version 25', async () => {
    await using source = await openStore(at('forms'));
    const { id, layers } = await importFile(source, 'x', 'app:1');
    const bytes = await buffer(source.save(['app:1']));
    const files = new Map<string, Buffer>();
    const reader = extract();
    reader.end(bytes);
    for await (const entry of reader) files.set(entry.header.name, await buffer(entry));
    const layer = `blobs/sha256/${layers[0]?.digest.slice(7)}`;
    expect(JSON.parse(files.get('manifest.json')?.toString() ?? '')).toEqual([
      { Config: `blobs/sha256/${id.slice(7)}`, RepoTags: ['app:1'], Layers: [layer] },
    ]);
    expect(JSON.parse(files.get('index.json')?.toString() ?? '')).toMatchObject({
      schemaVersion: 2,
      manifests: [
        {
          mediaType: MANIFEST,
          annotations: {
            'io.containerd.image.name': 'docker.io/library/app:1',
            'org.opencontainers.image.ref.name': '1',
          },
        },
      ],
    });
    expect(files.get(layer)?.equals(rootfs('x'))).toBe(true);
    expect(files.get('oci-layout')?.toString()).toBe('{"imageLayoutVersion":"1.0.0"}');
  });

  test('refuses what is not there, at once', async () => {
    await using store = await openStore(at('refused'));
    expect(() => store.save(['nothing'])).toThrow('image: no such image: nothing:latest');
    expect(() => store.save([])).toThrow('save image: no image is named');
  });

  test('is not disturbed by the removal of what it saves, and may be given up', async () => {
    const path = at('removal');
    await using store = await openStore(path);
    const image = await store.import(streamOf(rootfs('x'.repeat(5_000_000))), { ref: 'x' });
    const saved = store.save(['x']);
    const iterator = saved[Symbol.asyncIterator]();
    const chunks = [(await iterator.next()).value as Buffer];
    await store.remove('x');
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      chunks.push(next.value as Buffer);
    expectSound(path, store);
    await loadAll(store, Buffer.concat(chunks));
    expect(store.get('x').id).toBe(image.id);
    const abandoned = store.save(['x']);
    for await (const _ of abandoned) break;
    expect(abandoned.destroyed).toBe(true);
    await store.remove('x');
    expectSound(path, store);
  });

  test('says when a blob is lost', async () => {
    const path = at('lost');
    await using store = await openStore(path);
    const { layers } = await importFile(store, 'x', 'x');
    writeFileSync(join(path, 'blobs/sha256', layers[0]?.digest.slice(7) ?? ''), '');
    const bytes = await buffer(store.save(['x']));
    await expect(loadAll(store, bytes)).rejects.toThrow('is damaged');
  });
});
