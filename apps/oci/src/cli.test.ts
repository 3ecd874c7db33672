import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { main } from './cli.js';
import { parseDuration } from './command-line/duration.js';
import { parseFlags } from './command-line/parse.js';
import { parseSize } from './command-line/size.js';
import { logLine } from './log.js';
import { exactJson } from './report/exact-json.js';
import { listed } from './report/stats.js';
import { table } from './report/table.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ns-oci-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function call(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(['--root', join(folder, 'root'), ...words], {
    env: {},
    uid: 0,
    print: (text) => (out += text),
    warn: (text) => (err += text),
  });
  return { code, out, err };
}

describe('flags, as Go reads them', () => {
  const flags = {
    force: { kind: 'switch', short: 'f', help: '' },
    bundle: { kind: 'text', short: 'b', help: '' },
    count: { kind: 'number', initial: 3, help: '' },
    env: { kind: 'list', short: 'e', help: '' },
  } as const;
  test.each<[string[], object, string[]]>([
    [[], { force: false, bundle: undefined, count: 3, env: [] }, []],
    [['--force', 'id'], { force: true }, ['id']],
    [['-force=false', '-f', 'id'], { force: true }, ['id']],
    [['--force=T', '--bundle', 'a b', '--count=-5'], { force: true, bundle: 'a b', count: -5 }, []],
    [['-b=', '-e', 'A=1', '--env=B=2'], { bundle: '', env: ['A=1', 'B=2'] }, []],
    [['id', '--force'], { force: false }, ['id', '--force']],
    [['--', '--force'], { force: false }, ['--force']],
    [['-'], {}, ['-']],
    [['--bundle', '--force'], { bundle: '--force', force: false }, []],
  ])('%j', (words, values, rest) => {
    expect(parseFlags('x', flags, words)).toMatchObject({ values, rest });
  });

  test.each([
    [['--nosuch'], 'x: flag provided but not defined: --nosuch'],
    [['--toString=1'], 'x: flag provided but not defined: --toString'],
    [['--bundle'], 'x: flag needs an argument: --bundle'],
    [['--count', '1.5'], 'x: invalid value "1.5" for flag --count: not a number'],
    [['--force=yes'], 'x: invalid boolean value "yes" for --force'],
  ])('%j is refused', (words, message) => expect(() => parseFlags('x', flags, words)).toThrow(message));
});

describe('the command line', () => {
  test('says its version as runc does, and helps', async () => {
    // What containerd, Docker and Podman look for: a first line, and the one of the specification.
    expect((await call('--version')).out).toMatch(/^ns-oci version \d+\.\d+\.\d+\nspec: 1\.\d\.\d\n/);
    expect((await call()).out).toContain('\n  create    create a container\n');
    expect((await call('kill', '--help')).out).toContain('Usage: ns-oci kill [options] <container-id>');
    expect(await call('help')).toMatchObject({ code: 0, err: '' });
  });

  test.each([
    [['nosuch'], 'ns-oci: ns-oci: no help topic for "nosuch": no such command (see ns-oci --help)\n'],
    [['toString'], 'ns-oci: ns-oci: no help topic for "toString": no such command (see ns-oci --help)\n'],
    [['state'], 'ns-oci: state: exactly 1 argument wanted, 0 given (see ns-oci state --help)\n'],
    [['list', 'x'], 'ns-oci: list: exactly 0 arguments wanted, 1 given (see ns-oci list --help)\n'],
    [['ps'], 'ns-oci: ps: at least 1 argument wanted, 0 given (see ns-oci ps --help)\n'],
    [
      ['--log-format', 'xml', 'list'],
      'ns-oci: ns-oci: log format "xml" is neither text nor json (see ns-oci --help)\n',
    ],
    [
      ['--rootless', 'maybe', 'list'],
      'ns-oci: ns-oci: --rootless "maybe" is none of true, false, auto (see ns-oci --help)\n',
    ],
    [
      ['list', '-f', 'xml'],
      'ns-oci: list: format "xml" is neither table nor json (see ns-oci list --help)\n',
    ],
    [
      ['events', '--interval', 'soon', 'a'],
      'ns-oci: events: interval "soon" is no duration: 5s, 1m30s (see ns-oci events --help)\n',
    ],
    [
      ['update', '--memory', 'much', 'a'],
      'ns-oci: update: invalid value for memory: "much" is no size (see ns-oci update --help)\n',
    ],
    [
      ['update', '--cpu-quota', '1e3', 'a'],
      'ns-oci: update: invalid value for cpu-quota: "1e3" is no number (see ns-oci update --help)\n',
    ],
    [['update', '--cpu-quota', '5', 'a'], 'ns-oci: update: cpu quota 5 is below the minimum of 1000 µs\n'],
    [
      ['update', '--l3-cache-schema', 'L3:0=f', 'a'],
      'ns-oci: update: --l3-cache-schema: this runtime does not set Intel RDT classes\n',
    ],
    [['update', '-r', '/nosuch', 'a'], 'ns-oci: resources: there is no /nosuch\n'],
    [['state', '../a'], 'ns-oci: container id: "../a" is no container id'],
  ])('refuses %j', async (words, message) => {
    const { code, err, out } = await call(...words);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.startsWith(message), err).toBe(true);
  });

  test('writes errors to its log as callers read them', async () => {
    const log = join(folder, 'log');
    expect(await call('--log', log, '--log-format', 'json', 'state', 'box')).toMatchObject({ code: 1 });
    const line = JSON.parse(readFileSync(log, 'utf8')) as Record<string, string>;
    expect(line).toEqual({
      level: 'error',
      msg: expect.stringContaining('container does not exist: box'),
      time: line['time'],
    });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(logLine('text', 'warning', 'a "b"\nc', new Date(0))).toBe(
      'time="1970-01-01T00:00:00Z" level=warning msg="a \\"b\\"\\nc"\n',
    );
  });

  test('makes a configuration, and does not overwrite one', async () => {
    expect(await call('spec', '--bundle', folder)).toMatchObject({ code: 0, out: '' });
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toMatchObject({
      root: { path: 'rootfs' },
    });
    expect((await call('spec', '-b', folder)).err).toBe(
      `ns-oci: spec: ${folder}/config.json exists (remove it first)\n`,
    );
    expect((await call('spec', '-b', '/nosuch')).err).toBe('ns-oci: spec: there is no directory /nosuch\n');
  });

  test('tells what it knows', async () => {
    const features = JSON.parse((await call('features')).out) as Record<string, unknown>;
    expect(features).toMatchObject({
      ociVersionMin: '1.0.0',
      hooks: expect.arrayContaining(['createContainer']),
      mountOptions: expect.arrayContaining(['rro', 'tmpcopyup']),
      linux: {
        cgroup: { systemd: true, rdma: false },
        intelRdt: { enabled: false },
        seccomp: { enabled: true },
      },
    });
  });

  test('refuses limits of a file by their names', async () => {
    const file = join(folder, 'r');
    writeFileSync(file, '{"memory":{"limit":"much"}}');
    expect((await call('update', '-r', file, 'a')).err).toBe(
      'ns-oci: update: resources.memory.limit: "much" is no integer of 64 bits\n',
    );
    writeFileSync(file, '{"rdma":{"mlx":{"hcaHandles":1}}}');
    expect((await call('update', '-r', file, 'a')).err).toContain(
      'ns-oci: update: resources.rdma: there are no rdma limits here',
    );
  });
});

test.each([
  ['512', 512],
  ['1k', 1024],
  ['1.5GiB', 1_610_612_736],
  ['100MB', 104_857_600],
  ['.5m', 524_288],
  ['-1', -1],
  ['', undefined],
  ['-2', undefined],
  ['9e9', undefined],
  ['9999999P', undefined],
])('the size %j', (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each([
  ['5s', 5000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['5', undefined],
  ['-5s', undefined],
  ['', undefined],
])('the duration %j', (text, ms) => expect(parseDuration(text)).toBe(ms));

test('tables are as wide as runc’s', () => {
  expect(
    table([
      ['ID', 'PID', 'OWNER'],
      ['a-long-container', '1', 'root'],
    ]),
  ).toBe('ID                 PID         OWNER\na-long-container   1           root\n');
});

test('integers of 64 bits are written with all digits', () => {
  expect(exactJson({ a: 18_446_744_073_709_551_615n, b: ['"', 1n] })).toBe(
    '{"a":18446744073709551615,"b":["\\"",1]}',
  );
});

test('lists of processors', () => expect(listed('0-2,5\n')).toEqual([0, 1, 2, 5]));
