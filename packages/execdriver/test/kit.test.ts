// needs: linux, root, busybox
/** Drivers over shell scripts of the host: what the kit does for them, and what it makes of their failures. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hintOf, NsError } from '@ns/errors';
import type { Container, ContainerSpec, ExecDriver } from '@ns/execdriver';
import {
  commandDriver,
  endedEarly,
  type CommandDriver,
  type HostCommand,
  type Place,
} from '@ns/execdriver/kit';
import { openPath } from '@ns/syscall';
import { BusyboxRoot } from '@ns/testing/drivers';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';

import { collect, Reader } from '../src/conformance/collect.js';
import { allPids, assertNoTraces, children, isAlive, mountsOf } from '../src/conformance/traces.js';
import { eventually } from '../src/conformance/within.js';
import { FAKE_INFO } from './fake-driver.js';

const root = new BusyboxRoot();
afterAll(() => root[Symbol.dispose]());

let directory: string;
let before: number[];
const made: Container[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-kit-'));
  before = children();
});
afterEach(async () => {
  for (const container of made.splice(0)) await container.destroy();
  await assertNoTraces(directory, before);
  assert.deepEqual(await shellDriver().list(), []);
  rmSync(directory, { recursive: true });
});

const ABLE = {
  ...FAKE_INFO,
  abilities: {
    ...FAKE_INFO.abilities,
    roots: ['directory', 'overlay'],
    mounts: ['bind', 'tmpfs'],
    readonlyRoot: true,
    terminal: true,
    exec: true,
    adopt: true,
  },
} as const;

interface Change extends Partial<Omit<CommandDriver, 'prepare'>> {
  readonly command?: Partial<HostCommand>;
}

/** A driver whose containers are shell scripts of the host: the arguments of the process. */
function shellDriver({ command, ...change }: Change = {}): ExecDriver {
  return commandDriver(() => ({
    info: ABLE,
    prepare: ({ process }, place) => ({
      file: '/bin/sh',
      args: ['sh', '-c', process.args[0]!, place.root, place.directory],
      env: ['PATH=/usr/bin:/bin'],
      life: 'stays',
      ...command,
    }),
    started: async () => ({}),
    ...change,
  }))({ stateRoot: join(directory, 'state') });
}

const spec = (script: string, change: Partial<ContainerSpec> = {}): ContainerSpec => ({
  id: 'script',
  root: { kind: 'directory', path: root.path },
  namespaces: { mnt: 'host', pid: 'host', uts: 'host', ipc: 'host', net: 'host', cgroup: 'host' },
  ...change,
  process: { args: [script], env: [], ...change.process },
});

async function start(
  driver: ExecDriver,
  script: string,
  change: Partial<ContainerSpec> = {},
): Promise<Container> {
  const container = await driver.create(spec(script, change));
  made.push(container);
  await container.start();
  return container;
}

/** What a script prints. */
async function run(change: Change, script: string, ofSpec: Partial<ContainerSpec> = {}): Promise<string> {
  const container = await start(shellDriver(change), script, ofSpec);
  container.streams?.stdin?.end();
  const { stdout, stderr } = await collect(container.streams);
  expect(stderr).toBe('');
  expect((await container.wait()).code).toBe(0);
  return stdout;
}

async function failure(promise: Promise<unknown>): Promise<NsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!NsError.is(error)) throw new Error(`expected an NsError, got ${String(error)}`);
  return error;
}

describe('a command', () => {
  test('gets its environment, its directory, and no signal blocked or ignored', async () => {
    const script =
      'env | grep -v "^_=\\|^PWD\\|^SHLVL\\|^OLDPWD"; pwd; grep "^Sig[BI]" /proc/self/status; umask; ulimit -Sn';
    const output = await run({ command: { cwd: '/tmp', env: ['A=1'] } }, script);
    expect(output.split('\n')).toEqual([
      'A=1',
      '/tmp',
      'SigBlk:\t0000000000000000',
      'SigIgn:\t0000000000000000',
      '0022',
      '1024',
      '',
    ]);
  });

  test('gets the descriptors that it asks for, whatever their numbers, and no others', async () => {
    using passwd = openPath('/etc/passwd');
    const fds = { 3: passwd.fd, 9: passwd.fd };
    const output = await run({ command: { fds } }, 'for fd in /proc/$$/fd/*; do readlink $fd; done');
    expect(output.split('\n').filter((line) => !line.startsWith('pipe:'))).toEqual([
      '/etc/passwd',
      '/etc/passwd',
      '',
    ]);
  });

  test('has the root where it is told, which nobody else sees', async () => {
    const script = 'ls "$0"; echo mine > "$0/tmp/file"; grep -c " $0 " /proc/self/mountinfo; cat; ';
    const container = await start(
      shellDriver({ command: { root: { kind: 'directory', path: root.path } } }),
      script,
    );
    const reader = new Reader(container.streams?.stdout);
    await reader.until('bin\netc\nroot\ntmp\n1\n');
    expect(mountsOf(directory)).toEqual([]);
    expect(readFileSync(join(root.path, 'tmp/file'), 'utf8')).toBe('mine\n');
    rmSync(join(root.path, 'tmp/file'));
    container.streams!.stdin!.end();
    expect((await container.wait()).code).toBe(0);
  });

  test('has an overlay, mounts on it, and can have it read-only', async () => {
    mkdirSync(join(directory, 'data'));
    writeFileSync(join(directory, 'data/file'), 'data\n');
    const change: Change = {
      command: {
        root: { kind: 'overlay', lower: [root.path], tmpfsUpper: true },
        readonlyRoot: true,
        mounts: [
          { type: 'bind', source: join(directory, 'data'), target: '/srv/data', readonly: true },
          { type: 'tmpfs', target: '/tmp' },
        ],
      },
    };
    const script = `cat "$0/srv/data/file"; ls -d "$0/opt/dir" | grep -c opt; echo x > "$0/tmp/x"
      (echo x > "$0/x") 2> /dev/null || echo read-only; (echo x > "$0/srv/data/x") 2> /dev/null || echo read-only`;
    const output = await run(change, script, {
      process: { args: [script], env: [], cwd: '/opt/dir' },
    });
    expect(output).toBe('data\n1\nread-only\nread-only\n');
    expect(existsSync(join(root.path, 'srv'))).toBe(false);
  });

  test('does without mount points of the host, which keeps them', async () => {
    const count = (): number => readFileSync('/proc/self/mountinfo', 'utf8').split(' /dev/pts ').length - 1;
    expect(count()).toBeGreaterThan(0);
    const output = await run(
      { command: { unmount: ['/dev/pts', '/no/such/directory'] } },
      'grep -c " /dev/pts " /proc/self/mountinfo || true',
    );
    expect(output).toBe('0\n');
    expect(count()).toBeGreaterThan(0);
  });

  test('has a terminal of the host, which is its controlling one', async () => {
    const script = 'stty size; echo to the terminal > /dev/tty; read line; stty size; echo "$line"; exit 5';
    const terminal = { rows: 21, columns: 71 };
    const container = await start(shellDriver(), script, { process: { args: [script], env: [], terminal } });
    const screen = new Reader(container.streams?.stdout);
    await screen.until('21 71\r\n');
    await screen.until('to the terminal\r\n');
    container.resize({ rows: 22, columns: 72 });
    container.streams!.stdin!.write('typed\n');
    await screen.until('22 72\r\ntyped\r\n');
    expect((await container.wait()).code).toBe(5);
  });
});

describe('a start fails', () => {
  test.each<[string, Change, string, RegExp, RegExp]>([
    [
      'of a command that is not there',
      { command: { file: '/no/such/tool' } },
      'true',
      /^start: run \/no\/such\/tool: ENOENT/,
      /not installed/,
    ],
    [
      'of a command that ends, with what it said last',
      { started: async (_, __, { ended }) => (await ended, Promise.reject(endedEarly('start'))) },
      'echo first >&2; printf "tool: \\033[31mno such \\tthing.\\033[0m\\n\\n" >&2; exit 3',
      /^start: sh ended with status 3 before the program ran: tool: no such thing$/,
      /log/,
    ],
    [
      'of a command that a signal ended',
      { started: async (_, __, { ended }) => (await ended, Promise.reject(endedEarly('start'))) },
      'kill -9 $$',
      /^start: sh was killed by signal 9 before the program ran$/,
      /log/,
    ],
    [
      'with what is in a file',
      {
        started: async (_, __, { ended }) => (await ended, Promise.reject(endedEarly('start'))),
        said: ({ directory: place }: Place) => readFileSync(join(place, 'log'), 'utf8'),
      },
      'echo "from the log" > "$1/log"; exit 4',
      /status 4 before the program ran: from the log$/,
      /log/,
    ],
    [
      'of a command that takes too long',
      { started: () => new Promise(() => undefined), startTimeoutMs: 200 },
      'sleep 100',
      /^start: sh \(process \d+\) has not run the program within 0.2 s$/,
      /busy/,
    ],
    [
      'of a command that leaves nobody',
      { command: { life: { pidFile: '/no/such/file' } } },
      'exit 0',
      /^start: the container ended before the program ran$/,
      /log/,
    ],
    [
      'of a command that leaves somebody else’s process',
      { command: { life: { pidFile: '/proc/1/stat' } } },
      'exit 0',
      /^start: the container ended before the program ran$/,
      /log/,
    ],
    [
      'of a command by a relative path',
      { command: { file: 'sh' } },
      'true',
      /^command of a driver: "sh" is not an absolute path$/,
      /authors/,
    ],
  ])('%s', async (_, change, script, message, hint) => {
    const removed: string[] = [];
    const remove = async ({ id }: Place): Promise<void> => void removed.push(id);
    const driver = shellDriver({ ...change, remove });
    const container = await driver.create(spec(script));
    made.push(container);
    const error = await failure(container.start());
    expect(error.message).toMatch(message);
    expect(hintOf(error)).toMatch(hint);
    expect(container.status).toBe('stopped');
    expect(removed).toEqual(['script']);
    expect(allPids().filter((pid) => commandLine(pid).includes(directory))).toEqual([]);
  });
});

const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
};

describe('a container', () => {
  test('has the exit that its definition makes of the status', async () => {
    const finishedAt = new Date(0);
    const driver = shellDriver({
      exit: (place, status) => ({ code: status >> 8, signal: place.id.length, oomKilled: true, finishedAt }),
    });
    const container = await start(driver, 'exit 9');
    expect(await container.wait()).toEqual({ code: 9, signal: 6, oomKilled: true, finishedAt });
  });

  test('ends when its command does not see that it was killed', async () => {
    const started: CommandDriver['started'] = async (_, { directory: place }) => ({
      pid: await eventually(
        'a pid',
        () => Number(readIfThere(join(place, 'pid'))),
        (pid) => pid > 0,
      ),
    });
    const script = `sleep 100 & echo $! > "$1/pid.new"; mv "$1/pid.new" "$1/pid"; while :; do sleep 0.05; done`;
    const container = await start(shellDriver({ started, endTimeoutMs: 100 }), script);
    const { pid } = container;
    await eventually(
      'a process beside the command',
      () => commandLine(pid!),
      (line) => line.startsWith('sleep'),
    );
    await container.destroy();
    expect(isAlive(pid!)).toBe(false);
    expect((await container.wait()).code).toBe(137);
  });

  test('lets its definition run other programs, which end with it', async () => {
    const exec: CommandDriver['exec'] = ({ args }, running) => ({
      file: '/bin/sh',
      args: ['sh', '-c', args[0]!, running.name, String(running.pid)],
      env: ['PATH=/bin'],
      life: 'stays',
    });
    const container = await start(shellDriver({ exec }), 'read line');
    const first = await container.exec({ args: ['echo "$1"; cat; exit 3'], env: [] });
    first.streams.stdin!.end('input');
    expect((await collect(first.streams)).stdout).toBe(`${container.pid}\ninput`);
    expect((await first.wait()).code).toBe(3);
    const second = await container.exec({ args: ['sleep 100'], env: [] });
    await container.destroy();
    expect(isAlive(second.pid)).toBe(false);
    expect((await second.wait()).code).toBe(137);
  });

  test('whose creator dies while it starts is adopted to be destroyed, and its command is gone', async () => {
    const program = `
      const { commandDriver } = await import(${JSON.stringify(new URL('../src/kit/index.ts', import.meta.url).href)});
      const [info, spec] = JSON.parse(process.argv[1]);
      const driver = commandDriver(() => ({
        info,
        prepare: () => ({ file: '/bin/sh', args: ['sh', '-c', spec.process.args[0]], env: ['PATH=/bin'], life: 'stays' }),
        started: (_, __, { pid }) => (console.log(pid), new Promise(() => undefined)),
      }))({ stateRoot: process.argv[2] });
      await (await driver.create(spec)).start();`;
    const { SOURCE_LOADER } = await import('@ns/testing/source-loader');
    const child = spawn(
      process.execPath,
      [
        ...SOURCE_LOADER,
        '--input-type=module',
        '--eval',
        program,
        '--',
        JSON.stringify([ABLE, spec('sleep 100; true')]),
        join(directory, 'state'),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const pid = await eventually(
      'a pid',
      () => Number(output),
      (number) => number > 0,
      20_000,
    );
    child.kill('SIGKILL');
    // It holds the lock until then, on a busy machine for a while.
    await once(child, 'exit');
    expect(isAlive(pid)).toBe(true);
    const rest = await eventually(
      'its child',
      () => childrenOf(pid),
      (found) => found.some((each) => commandLine(each) === 'sleep\u0000100\u0000'),
    );
    const container = await shellDriver().adopt('script');
    made.push(container);
    expect(container.status).toBe('stopped');
    expect((await failure(container.wait())).code).toBe('ERR_NS_NOT_RUNNING');
    await eventually(
      'the end of the command',
      () => isAlive(pid),
      (alive) => !alive,
    );
    // What the command has started is its definition's to remove.
    for (const each of rest) process.kill(each, 'SIGKILL');
  });
});

const childrenOf = (pid: number): number[] =>
  readIfThere(`/proc/${pid}/task/${pid}/children`).trim().split(' ').map(Number);

const readIfThere = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
