import { describe, expect, test } from 'vitest';

import { parseJson } from './json.js';
import { type ImageConfig, imageConfigSchema } from './schema/config.js';
import { dockerArchiveSchema, indexSchema, manifestSchema } from './schema/manifest.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const parse = (text: string): ImageConfig =>
  parseJson('load image', 'x.json', Buffer.from(text), imageConfigSchema);
const config = (changes: object): string =>
  JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [DIGEST] },
    ...changes,
  });

describe('a configuration', () => {
  test('is read, with the nulls of Go, and members that are not known', () => {
    const read = parse(
      config({ config: { Env: null, Cmd: ['a'], Entrypoint: null, Volumes: { '/x': {} } }, x: 1 }),
    );
    expect(read.config).toEqual({ Env: null, Cmd: ['a'], Entrypoint: null, Volumes: { '/x': {} } });
    expect((read as unknown as { x: number }).x).toBe(1);
  });

  test.each([
    [{ config: { Env: ['A=1', 'B=2', 3] } }, 'load image: x.json: config.Env[2] must be string, is 3'],
    [{ config: { Cmd: 'sh' } }, 'load image: x.json: config.Cmd must be Array, is "sh"'],
    [{ config: { Labels: { a: 1 } } }, 'load image: x.json: config.Labels.a must be string, is 1'],
    [
      { config: { ExposedPorts: { '80/tcp': 1 } } },
      'load image: x.json: config.ExposedPorts.80/tcp must be Object, is 1',
    ],
    [
      { config: { Healthcheck: { Retries: 'x' } } },
      'load image: x.json: config.Healthcheck.Retries must be number, is "x"',
    ],
    [{ rootfs: { type: 'zfs', diff_ids: [] } }, 'load image: x.json: rootfs.type must be "layers", is "zfs"'],
    [
      { rootfs: { type: 'layers', diff_ids: ['sha256:xy'] } },
      'load image: x.json: rootfs.diff_ids[0] must be "sha256:" and 64 hexadecimal digits',
    ],
    [{ rootfs: undefined }, 'load image: x.json: rootfs is missing'],
    [
      { history: [{ empty_layer: 'yes' }] },
      'load image: x.json: history[0].empty_layer must be boolean, is "yes"',
    ],
    [{ architecture: 1 }, 'load image: x.json: architecture must be string, is 1'],
  ])('with %j is refused, naming the member', (changes, message) => {
    expect(() => parse(config(changes))).toThrow(message);
  });
});

describe('other documents', () => {
  test('a manifest names what is wrong', () => {
    const read = (value: unknown): unknown =>
      parseJson('load image', 'm', Buffer.from(JSON.stringify(value)), manifestSchema);
    const blob = { mediaType: 'x', digest: DIGEST, size: 1 };
    expect(read({ schemaVersion: 2, config: blob, layers: [blob] })).toMatchObject({ config: blob });
    expect(() => read({ schemaVersion: 1, config: blob, layers: [] })).toThrow(
      'm: schemaVersion must be 2, is 1',
    );
    expect(() => read({ schemaVersion: 2, config: { ...blob, size: -1 }, layers: [] })).toThrow(
      'm: config.size must not be negative',
    );
    expect(() => read({ schemaVersion: 2, config: { ...blob, size: 1.5 }, layers: [] })).toThrow(
      'm: config.size must be a whole number',
    );
  });

  test('an index and a manifest.json have lists', () => {
    const bytes = Buffer.from('{}');
    expect(() => parseJson('a', 'b', bytes, indexSchema)).toThrow('a: b: schemaVersion is missing');
    expect(() => parseJson('a', 'b', bytes, dockerArchiveSchema)).toThrow('a: b: must be Array, is Object');
  });
});

describe('bombs', () => {
  test('nested deeply are refused before they are parsed', () => {
    expect(() => parse('['.repeat(100_000))).toThrow('x.json is nested more than 64 deep');
    expect(() => parse(`{"a":${'['.repeat(65)}${']'.repeat(65)}}`)).toThrow('nested more than 64 deep');
    // Brackets in a string nest nothing.
    expect(() => parse(JSON.stringify({ a: `"\\"${'['.repeat(1000)}` }))).toThrow('architecture is missing');
  });

  test('larger than 4 MiB are refused', () => {
    expect(() => parse(' '.repeat(4 * 1024 * 1024 + 1))).toThrow(
      'x.json has 4194305 bytes, where at most 4194304',
    );
  });

  test('that are no JSON, or no UTF-8', () => {
    expect(() => parse('{')).toThrow(/^load image: x.json is no JSON: /);
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    expect(() => parseJson('load image', 'x.json', bytes, imageConfigSchema)).toThrow('x.json is no JSON');
  });

  test('with a __proto__ change nothing but themselves', () => {
    parse(config({}).replace('{', '{"__proto__":{"polluted":true},'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
