import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import type { ContainerSummary, ImageSummary, JSONMessage } from '@ns/engine-api';
import { describe, expect, it } from 'vitest';

import { Cli } from '../cli.js';
import { containerList, containerView, displayPorts } from './container-list.js';
import { imageRows, splitReference } from './image-list.js';
import { printList } from './list.js';
import { parseDuration, parseMoment } from './moment.js';
import { showProgress } from './progress.js';
import { table } from './table.js';
import { ago, binarySize, humanDuration, humanSize, localTime } from './units.js';
import { displayWidth, ellipsis, visible } from './width.js';

/** A Cli whose output is kept. */
function captured(tty = false): { cli: Cli; out: () => Promise<string>; err: () => Promise<string> } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  for (const stream of [stdout, stderr]) Object.assign(stream, { isTTY: tty, columns: 80 });
  const cli = new Cli({
    env: {},
    stdin: () => new PassThrough() as unknown as NodeJS.ReadStream,
    stdout: () => stdout as unknown as NodeJS.WriteStream,
    stderr: () => stderr as unknown as NodeJS.WriteStream,
    host: undefined,
    debug: false,
  });
  const all = async (stream: PassThrough): Promise<string> => text(stream.end());
  return { cli, out: () => all(stdout), err: () => all(stderr) };
}

const web: ContainerSummary = {
  Id: 'c'.repeat(64),
  Names: ['/db/link', '/web'],
  Image: 'docker.io/library/debian:12@sha256:abc',
  ImageID: `sha256:${'d'.repeat(64)}`,
  Command: 'sh -c "sleep 1000000"',
  Created: 1_700_000_000,
  Ports: [],
  Labels: { b: '2', a: '1' },
  State: 'running',
  Status: 'Up 3 minutes',
  HostConfig: {},
  NetworkSettings: { Networks: { none: {} } },
  Mounts: [],
};

describe('widths', () => {
  it.each([
    ['abc', 3],
    ['日本語', 6],
    ['e\u0301', 1],
    ['🎉', 2],
    ['', 0],
  ])('%s', (string, width) => {
    expect(displayWidth(string)).toBe(width);
  });

  it('cuts to columns, not to characters', () => {
    expect(ellipsis('abcdef', 4)).toBe('abc…');
    expect(ellipsis('abcd', 4)).toBe('abcd');
    expect(ellipsis('日本語', 4)).toBe('日…');
  });

  it('shows control characters', () => {
    expect(visible('a\u001B[31mb\n\u009B')).toBe('a\\x1b[31mb\\x0a\\x9b');
  });
});

describe('table', () => {
  it('has columns of ten at least, three apart, and none after the last', () => {
    expect(
      table([
        ['ID', 'NAME'],
        ['0123456789ab', 'x'],
        ['日本', 'y'],
      ]),
    ).toBe('ID             NAME\n0123456789ab   x\n日本           y');
    expect(table([['A', 'B']])).toBe('A         B');
  });
});

describe('sizes and times for people', () => {
  it.each([
    [0, '0B'],
    [999, '999B'],
    [4_270_000, '4.27MB'],
    [1_000, '1kB'],
    [123_456_789_012, '123GB'],
  ])('%d bytes: %s', (bytes, size) => {
    expect(humanSize(bytes)).toBe(size);
  });

  it('counts memory in 1024s', () => {
    expect(binarySize(8_200_000_000)).toBe('7.637GiB');
  });

  it.each([
    [0, 'Less than a second'],
    [1000, '1 second'],
    [59_000, '59 seconds'],
    [61_000, 'About a minute'],
    [119_000, 'About a minute'],
    [120_000, '2 minutes'],
    [46 * 60_000, '46 minutes'],
    [61 * 60_000, 'About an hour'],
    [90 * 60_000, '2 hours'],
    [47 * 3_600_000, '47 hours'],
    [48 * 3_600_000, '2 days'],
    [14 * 86_400_000, '2 weeks'],
    [60 * 86_400_000, '2 months'],
    [730 * 86_400_000, '2 years'],
  ])('%d ms: %s', (ms, words) => {
    expect(humanDuration(ms)).toBe(words);
  });

  it('counts back from now', () => {
    expect(ago(1000, 1_005_000)).toBe('5 seconds ago');
    expect(localTime(new Date(2026, 0, 31, 12, 5, 9))).toMatch(/^2026-01-31 12:05:09 [+-]\d{4} \S+$/);
  });
});

describe('--since and --until', () => {
  const now = Date.UTC(2026, 0, 31, 12, 0, 0, 250);
  it.each([
    ['1700000000', '1700000000'],
    ['1700000000.5', '1700000000.5'],
    ['10m', `${now / 1000 - 600.25}.250000000`],
    ['1h30m', `${now / 1000 - 5400.25}.250000000`],
    ['250ms', `${now / 1000 - 0.25}.000000000`],
    ['2026-01-31T12:00:00Z', '1769860800.000000000'],
    ['2026-01-31T12:00:00.123456789Z', '1769860800.123456789'],
    ['2026-01-31T13:00:00+01:00', '1769860800.000000000'],
    ['2026-01-31', `${new Date('2026-01-31T00:00:00').getTime() / 1000}.000000000`],
    ['2026-01-31T12', `${new Date('2026-01-31T12:00:00').getTime() / 1000}.000000000`],
  ])('%s', (moment, seconds) => {
    expect(parseMoment(moment, now)).toBe(seconds);
  });

  it.each(['', 'yesterday', '2026-13-01', '10 m', '12:00'])('refuses %j', (moment) => {
    expect(() => parseMoment(moment, now)).toThrow('it is no moment');
  });

  it.each([
    ['1.5h', 5_400_000],
    ['-1s', -1000],
    ['0', 0],
    ['1us', 0.001],
    ['5', undefined],
  ])('a duration %s', (duration, ms) => {
    expect(parseDuration(duration)).toBe(ms);
  });
});

describe('ports', () => {
  const tcp = (PrivatePort: number, PublicPort?: number, IP = '0.0.0.0'): ContainerSummary['Ports'][number] =>
    PublicPort === undefined ? { PrivatePort, Type: 'tcp' } : { IP, PrivatePort, PublicPort, Type: 'tcp' };
  it.each([
    [[], ''],
    [[tcp(80)], '80/tcp'],
    [[tcp(82), tcp(80), tcp(81), tcp(90)], '80-82/tcp, 90/tcp'],
    [[tcp(80, 8080)], '0.0.0.0:8080->80/tcp'],
    [[tcp(80, 80), tcp(81, 81)], '0.0.0.0:80-81->80-81/tcp'],
    [[tcp(80, 8080, '::')], '[::]:8080->80/tcp'],
  ])('%j', (ports, words) => {
    expect(displayPorts(ports)).toBe(words);
  });
});

describe('containers', () => {
  it('are listed as Docker lists them', async () => {
    const { cli, out } = captured();
    printList(cli, [web], containerList(true, false), { format: undefined, quiet: false, json: false });
    const lines = (await out()).split('\n');
    expect(lines[0]).toBe(
      'CONTAINER ID   IMAGE       COMMAND                   CREATED       STATUS         PORTS     NAMES',
    );
    expect(lines[1]).toMatch(
      /^cccccccccccc {3}debian:12 {3}"sh -c \\"sleep 100000…" {3}\d years ago {3}Up 3 minutes {13}web$/,
    );
  });

  it.each([
    [{ quiet: true }, 'cccccccccccc\n'],
    [{ format: '{{.Names}} {{.Labels}} {{.Label "a"}}' }, 'web a=1,b=2 1\n'],
    [{ format: 'table {{.Names}}\\t{{.Label "com.x.some-thing"}}' }, 'NAMES     some thing\nweb       \n'],
    [{ format: 'table {{lower .State}}' }, 'STATE\nrunning\n'],
    [{ format: '{{.State}}', quiet: true }, 'running\n'],
  ])('with %j', async (options, expected) => {
    const { cli, out } = captured();
    printList(cli, [web], containerList(true, false), {
      format: undefined,
      quiet: false,
      json: false,
      ...options,
    });
    expect(await out()).toBe(expected);
  });

  it('as JSON, one a line', async () => {
    const { cli, out } = captured();
    printList(cli, [web, web], containerList(false, false), { format: undefined, quiet: false, json: true });
    const lines = (await out()).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ ID: web.Id, Names: 'db/link,web', State: 'running' });
  });

  it('have colours on a terminal, and the same columns', async () => {
    const { cli, out } = captured(true);
    const dead = { ...web, State: 'exited' as const, Status: 'Exited (1) 2 days ago' };
    printList(cli, [web, dead], containerList(true, false), { format: undefined, quiet: false, json: false });
    const coloured = await out();
    expect(coloured).toContain('\u001B[32mUp 3 minutes\u001B[0m');
    expect(coloured).toContain('\u001B[31mExited (1) 2 days ago\u001B[0m');
    const plain = captured();
    printList(plain.cli, [web, dead], containerList(true, false), {
      format: undefined,
      quiet: false,
      json: false,
    });
    // oxlint-disable-next-line no-control-regex -- SGR codes
    expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(await plain.out());
  });

  it('cannot steer the terminal by their names', async () => {
    const { cli, out } = captured();
    printList(cli, [{ ...web, Names: ['/\u001B]0;x\u0007'] }], containerList(true, false), {
      format: undefined,
      quiet: false,
      json: false,
    });
    expect(await out()).toContain('\\x1b]0;x\\x07');
  });

  it('show sizes', () => {
    const view = containerView({ ...web, SizeRw: 2, SizeRootFs: 21_500_000 }, true);
    expect(view.text('Size')).toBe('2B (virtual 21.5MB)');
  });
});

describe('images', () => {
  const image: ImageSummary = {
    Id: `sha256:${'a'.repeat(64)}`,
    ParentId: '',
    RepoTags: ['debian:12', 'localhost:5000/x/y:1'],
    RepoDigests: ['debian@sha256:1', 'other@sha256:2'],
    Created: 1,
    Size: 1,
    SharedSize: -1,
    Labels: null,
    Containers: -1,
  };
  const rows = (one: ImageSummary, digests: boolean): string[] =>
    imageRows([one], digests).map(({ repository, tag, digest }) => `${repository} ${tag} ${digest}`);

  it('have a row for each name', () => {
    expect(rows(image, false)).toEqual([
      'debian 12 <none>',
      'localhost:5000/x/y 1 <none>',
      'other <none> sha256:2',
    ]);
    expect(rows(image, true)[0]).toBe('debian 12 sha256:1');
  });

  it('without a name have one all the same', () => {
    expect(rows({ ...image, RepoTags: [], RepoDigests: [] }, false)).toEqual(['<none> <none> <none>']);
    expect(
      rows({ ...image, RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] }, false),
    ).toHaveLength(1);
  });

  it.each([
    ['debian', 'debian', 'latest'],
    ['debian:12', 'debian', '12'],
    ['localhost:5000/x', 'localhost:5000/x', 'latest'],
    ['docker.io/library/debian:12', 'debian', '12'],
    ['docker.io/me/x:1', 'me/x', '1'],
  ])('%s', (reference, repository, tag) => {
    expect(splitReference(reference)).toEqual({ repository, tag });
  });
});

describe('progress', () => {
  const messages: JSONMessage[] = [
    { status: 'Loading layer', id: 'aaa', progressDetail: { current: 500, total: 1000 } },
    { status: 'Loading layer', id: 'aaa', progressDetail: { current: 1000, total: 1000 } },
    { status: 'Done', id: 'aaa' },
    { stream: 'Loaded image: x\n' },
  ];

  it('off a terminal says each status once', async () => {
    const { cli, out, err } = captured();
    await showProgress(cli, Readable.from(messages) as AsyncIterable<JSONMessage>, false);
    expect(await err()).toBe('aaa: Loading layer\naaa: Done\n');
    expect(await out()).toBe('Loaded image: x\n');
  });

  it('on a terminal rewrites the line of a layer', async () => {
    const { cli, err } = captured(true);
    await showProgress(cli, Readable.from(messages) as AsyncIterable<JSONMessage>, false);
    const written = await err();
    expect(written).toContain('aaa: Loading layer [===============>              ] 500B/1kB');
    expect(written).toContain(`[${'='.repeat(30)}] 1kB/1kB`);
    expect(written.match(/\n/g)).toHaveLength(1);
  });

  it('fails with the error that the engine reports', async () => {
    const { cli } = captured();
    const stream = Readable.from([{ error: 'x', errorDetail: { message: 'no space left' } }]);
    await expect(showProgress(cli, stream as AsyncIterable<JSONMessage>, false)).rejects.toThrow(
      'no space left',
    );
  });
});
