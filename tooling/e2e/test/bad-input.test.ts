// needs: linux, root, unshare, busybox, overlayfs
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { EngineClient, type ContainerCreateRequest } from '@ns/engine-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { run } from '../src/command.ts';
import { Engine, type Traces } from '../src/engine.ts';
import { executable, systemNode } from '../src/executables.ts';
import { makeBusybox } from '../src/rootfs.ts';

let engine: Engine;
let before: Traces;
/** What the words below stand for. */
const places: Record<string, string> = {};

const MIB = 2 ** 20;

beforeAll(async () => {
  engine = await Engine.start();
  const place = (name: string): string => (places[name.toUpperCase()] = join(engine.folder, name));
  makeBusybox(place('root'));
  mkdirSync(place('empty'));
  writeFileSync(place('file'), 'a file\n');
  writeFileSync(place('nameless'), 'GOOD=1\n=value\n');
  writeFileSync(place('huge'), `HUGE=${'x'.repeat(10 * MIB)}\n`);
  place('missing');
  await engine.out(['create', '--name', 'taken', '--network', 'none', '--rootfs', place('root'), 'true']);
  // Whatever is opened with the first container.
  await engine.ns(['run', '--rm', '--network', 'none', '--rootfs', place('root'), 'true']);
  before = await engine.traces();
});
afterAll(() => engine[Symbol.asyncDispose]());

const fill = (text: string): string => text.replaceAll(/\b[A-Z]{4,}\b/g, (word) => places[word] ?? word);

/** `run` in the busybox root unless the flags name another, and what it is to say. */
const RUNS: readonly (readonly [
  flags: string,
  status: number,
  message: RegExp,
  command?: readonly string[],
])[] = [
  ['--nosuch', 125, /unknown flag: --nosuch/],
  ['-Z', 125, /unknown shorthand flag: 'Z' in -Z/],
  ['--init=perhaps', 125, /invalid argument "perhaps" for "--init" flag/],
  ['--rootfs=', 125, /--rootfs: .*empty/],
  ['--rootfs=MISSING', 125, /MISSING/],
  ['--rootfs=FILE', 125, /FILE.*not a directory/],
  ['--rootfs=EMPTY', 127, /"true": executable file not found in \$PATH/],
  [
    '--name=taken',
    125,
    /Conflict\. The container name "\/taken" is already in use by container "[0-9a-f]{64}"/,
  ],
  ['--name=a/b', 125, /invalid container name \(a\/b\)/],
  ['--name=-a', 125, /invalid container name \(-a\)/],
  ['--volume=/tmp:/', 125, /destination can't be '\/'/],
  ['--volume=/tmp:/x/..', 125, /destination can't be '\/'/],
  ['--mount=type=bind,src=/tmp,dst=/', 125, /destination can't be '\/'/],
  ['--mount=type=bind,src=/tmp,dst=relative', 125, /relative/],
  ['--mount=type=bind,src=MISSING,dst=/x', 125, /bind source path does not exist: MISSING/],
  ['--mount=type=bind,dst=/x', 125, /source/],
  ['--mount=type=nosuch,dst=/x', 125, /nosuch/],
  ['--mount=type=tmpfs', 125, /target is required/],
  ['--tmpfs=/', 125, /destination can't be '\/'/],
  ['--tmpfs=relative', 125, /relative/],
  ['--tmpfs=/x:size=99999999999999999999999999', 125, /99999999999999999999999999/],
  ['--env==value', 125, /invalid environment variable: =value/],
  ['--env=', 125, /invalid environment variable/],
  ['--env-file=NAMELESS', 125, /no variable name: env file NAMELESS, line 2/],
  ['--env-file=MISSING', 125, /MISSING: no such file or directory/],
  ['--env-file=HUGE', 125, /longer than|too long|larger than|at most/],
  ['--shm-size=99999999999999999999', 125, /99999999999999999999/],
  ['--shm-size=-1', 125, /-1/],
  ['--shm-size=much', 125, /invalid size: 'much'/],
  ['--stop-timeout=99999999999999999999', 125, /99999999999999999999/],
  ['--stop-timeout=soon', 125, /soon/],
  ['--stop-signal=NOSUCH', 125, /[Ii]nvalid signal: NOSUCH/],
  ['--stop-signal=999', 125, /[Ii]nvalid signal: 999/],
  ['--user=99999999999', 125, /99999999999/],
  ['--user=4294967295', 125, /4294967295/],
  ['--user=-1', 125, /-1/],
  ['--user=nosuch', 125, /unable to find user nosuch/],
  ['--user=root:nosuch', 125, /unable to find group nosuch/],
  ['--group-add=nosuch', 125, /unable to find group nosuch/i],
  ['--ulimit=nofile=99999999999999999999999', 125, /99999999999999999999999/],
  ['--ulimit=nofile=9:3', 125, /soft limit must be less than or equal to hard limit: 9 > 3/],
  ['--ulimit=nosuch=1', 125, /nosuch/],
  ['--oom-score-adj=99999', 125, /\[-1000, 1000\]/],
  ['--workdir=relative', 125, /working directory 'relative' is invalid, it needs to be an absolute path/],
  [`--hostname=${'h'.repeat(65)}`, 125, /h{65}/],
  ['--cap-add=NOSUCH', 125, /NOSUCH/],
  ['--sysctl=kernel.panic=1', 125, /kernel\.panic=1/],
  ['--security-opt=nosuch', 125, /nosuch/],
  ['--network=nosuch', 125, /nosuch/],
  ['--network=container:nosuch', 125, /nosuch/],
  ['--network=none --network=host', 125, /--network=none goes with no other network/],
  ['--pid=container:nosuch', 125, /nosuch/],
  ['--cidfile=FILE', 125, /FILE/],
  ['-it', 1, /the input device is not a TTY/],
  ['-d --attach=stdout', 125, /conflicting options/i],
  ['', 127, /"nosuch": executable file not found in \$PATH/, ['nosuch']],
  ['', 127, /"\/no\/such": .*no such file or directory/, ['/no/such']],
  ['', 127, /"bin\/nosuch": .*no such file or directory/, ['bin/nosuch']],
  ['', 126, /"\/etc": .*(is a directory|permission denied)/, ['/etc']],
  ['', 126, /"\/etc\/passwd": .*permission denied/, ['/etc/passwd']],
  ['', 126, /exec format error/i, ['/bin/text']],
];

describe('ns run refuses, and nothing is left of', () => {
  it.for(RUNS)('%s (%i: %s)', async ([flags, status, message, command = ['true']]) => {
    if (command[0] === '/bin/text') writeFileSync(join(fill('ROOT'), 'bin/text'), 'text', { mode: 0o755 });
    const root = flags.includes('--rootfs') ? [] : ['--rootfs', fill('ROOT')];
    const words = flags
      .split(' ')
      .filter((word) => word !== '')
      .map(fill);
    const network = flags.startsWith('--network=') ? [] : ['--network=none'];
    const ended = await engine.ns(['run', '--rm', ...network, ...root, ...words, ...command]);
    expect(ended.stderr).toMatch(new RegExp(fill(message.source), message.flags));
    expect(ended).toMatchObject({ status, stdout: '' });
    // One line, and perhaps what to do about it: never a stack, never a bare number.
    expect(ended.stderr.trim().split('\n').length).toBeLessThanOrEqual(4);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
    expect(await engine.settledTraces(before)).toEqual(before);
  });
});

describe('other commands refuse', () => {
  it.each([
    ['nosuch', 1, /nosuch/],
    ['run', 1, /requires at least 1 argument/],
    ['run nosuch', 125, /nosuch/],
    ['run INVALID', 125, /"INVALID" has upper-case letters/],
    ['exec nosuch true', 1, /No such container: nosuch/],
    ['exec taken true', 1, /is not running/],
    ['attach taken', 1, /cannot attach to a stopped container/],
    ['kill taken', 1, /is not running/],
    ['kill -s NOSUCH taken', 1, /[Ii]nvalid signal: NOSUCH/],
    ['stop -t soon taken', 125, /soon/],
    ['logs --tail some taken', 125, /some/],
    ['rm nosuch', 1, /No such container: nosuch/],
    ['start nosuch', 1, /No such container: nosuch/],
    ['wait nosuch', 1, /No such container: nosuch/],
    ['rmi nosuch', 1, /No such image: nosuch/],
    ['import /no/such x', 1, /\/no\/such/],
    ['-H nosuch://x ps', 1, /nosuch/],
    ['-H unix:///no/such ps', 1, /\/no\/such/],
    ['-H unix:///no/such run x', 125, /\/no\/such/],
    ['ps --format {{.Nosuch', 1, /template/],
    ['explain run --rootfs MISSING true', 1, /MISSING/],
  ])('%s (%i)', async (words, status, message) => {
    const ended = await engine.ns(fill(words));
    expect(ended.stderr).toMatch(new RegExp(fill(message.source), message.flags));
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr).not.toMatch(/\n {4}at /);
    expect(await engine.settledTraces(before)).toEqual(before);
  });

  it.each([
    ['a file of text', Buffer.from('this is no archive\n'.repeat(1000))],
    ['a truncated archive', Buffer.concat([Buffer.from('x'), Buffer.alloc(511)])],
    ['nothing', Buffer.alloc(0)],
  ])('import of %s', async (_, archive) => {
    const ended = await engine.ns('import - broken', { stdin: archive });
    expect(ended.stderr).not.toBe('');
    expect(ended.status).toBe(1);
    expect(await engine.out(['images', '--format', '{{.Repository}}'])).toBe('hello-world');
    expect(await engine.settledTraces(before)).toEqual(before);
  });
});

describe('what a command line cannot carry is refused by the API', () => {
  const create = async (request: ContainerCreateRequest & { name?: string }): Promise<unknown> => {
    const { name, ...body } = request;
    const client = new EngineClient({ host: engine.host });
    try {
      const options = name === undefined ? {} : { name };
      const HostConfig = { NsRootfs: fill('ROOT'), NetworkMode: 'none', ...body.HostConfig };
      const { Id } = await client.containerCreate({ Cmd: ['true'], ...body, HostConfig }, options);
      // It should not be there, and must not be in the way of the next test.
      await client.containerRemove(Id, { force: true });
      return Id;
    } catch (error) {
      return error;
    } finally {
      client.close();
    }
  };

  it.each<[string, ContainerCreateRequest & { name?: string }]>([
    ['10 MiB in one argument', { Cmd: ['true', 'x'.repeat(10 * MIB)] }],
    ['10 MiB in many arguments', { Cmd: ['true', ...Array.from({ length: 10 }, () => 'x'.repeat(MIB))] }],
    [
      '10 MiB in small arguments',
      { Cmd: ['true', ...Array.from({ length: 640 * 1024 }, () => 'x'.repeat(15))] },
    ],
    ['10 MiB of environment', { Env: Array.from({ length: 100 }, (_, i) => `V${i}=${'x'.repeat(100_000)}`) }],
    ['NUL in an argument', { Cmd: ['tr\0ue'] }],
    ['NUL in the environment', { Env: ['A=b\0c'] }],
    ['NUL in the working directory', { WorkingDir: '/a\0b' }],
    ['NUL in the user', { User: 'ro\0ot' }],
    ['NUL in the host name', { Hostname: 'a\0b' }],
    ['NUL in a bind', { HostConfig: { Binds: ['/tmp:/a\0b'] } }],
    ['NUL in the root', { HostConfig: { NsRootfs: '/tmp\0' } }],
    ['NUL in the name', { name: 'a\0b' }],
    ['no name before the =', { Env: ['=x'] }],
    ['a number where a list is due', { Cmd: 3 as never }],
    ['a negative /dev/shm', { HostConfig: { ShmSize: -1 } }],
    ['a /dev/shm of more than can be counted', { HostConfig: { ShmSize: 1e300 } }],
  ])('%s', async (_, request) => {
    const error = await create(request);
    expect(error).toMatchObject({ status: 400 });
    // Ten megabytes are not quoted back.
    expect((error as Error).message.length).toBeLessThan(1000);
    expect(await engine.settledTraces(before)).toEqual(before);
  });
});

describe('ns-daemon refuses, and makes nothing', () => {
  it.each([
    ['--nosuch', 125, /unknown option '--nosuch'/],
    ['--data-root relative', 1, /'relative' is not an absolute path/],
    ['--data-root FILE', 1, /FILE/],
    ['--exec-driver nosuch', 1, /nosuch/],
    ['--log-level loud', 125, /loud/],
    ['--host nosuch://x', 1, /nosuch/],
    ['--group nosuch', 1, /nosuch/],
    ['extra', 125, /too many arguments/],
  ])('%s (%i)', async (flags, status, message) => {
    const own = [
      '--config-file',
      '/dev/null',
      '--data-root',
      join(engine.folder, 'd2'),
      '--exec-root',
      join(engine.folder, 'e2'),
    ];
    const host = flags.includes('--host') ? [] : ['--host', `unix://${engine.folder}/2.sock`];
    const ended = await run(
      [systemNode(), executable('daemon'), ...own, ...host, ...fill(flags).split(' ')],
      { timeoutMs: 20_000 },
    );
    expect(ended.stderr).toMatch(new RegExp(fill(message.source)));
    expect(ended.status).toBe(status);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
  });
});
