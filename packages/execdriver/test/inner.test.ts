// needs: linux, root
/** What a container can make of the fifo by which its programs tell whether they run. */
import { spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NsError } from '@ns/errors';
import { innerDirectory, innerStarted, writeInner, type StartedCommand } from '@ns/execdriver/kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const forever = new Promise<never>(() => undefined);
const command: StartedCommand = { pid: 1, ended: forever, over: forever, first: Promise.resolve(1) };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-inner-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const placeOf = (name: string): Parameters<typeof writeInner>[1] => ({
  id: 'c',
  directory: join(directory, 'driver'),
  root: join(directory, 'root'),
  name,
  user: { uid: 0, gid: 0, groups: [], home: '/' },
  env: [],
});

const HELLO = Buffer.alloc(8);

/** Write what a program would, and close the fifo. */
function tell(name: string, ...records: readonly Buffer[]): void {
  const fifo = openSync(join(innerDirectory(placeOf(name)), `${name}.status`), constants.O_WRONLY);
  for (const record of records) writeSync(fifo, record);
  closeSync(fifo);
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!NsError.is(error)) throw new Error(`expected an NsError, got ${String(error)}`);
  return error.code;
}

describe('an inner program', () => {
  test('runs when it has said so and closed the fifo, and leaves nothing', async () => {
    const place = placeOf('start');
    const inner = writeInner({ args: ['true'], env: [] }, place);
    expect(readdirSync(innerDirectory(place)).toSorted()).toEqual(['start', 'start.status']);
    tell('start', HELLO);
    await inner.started(command);
    expect(readdirSync(innerDirectory(place))).toEqual([]);
    expect(await failure(innerStarted(place, command))).toBe('ERR_NS_INVALID_ARGUMENT');
  });

  test('has not run when all ended before', async () => {
    const place = placeOf('start');
    writeInner({ args: ['true'], env: [] }, place);
    const over = Promise.resolve(0);
    expect(await failure(innerStarted(place, { ...command, ended: over, over }))).toBe('ERR_NS_TOOL_FAILED');
    expect(readdirSync(innerDirectory(place))).toEqual([]);
  });

  test('that says what no program of ours says is an error', async () => {
    const place = placeOf('exec-1');
    const inner = writeInner({ args: ['true'], env: [] }, place);
    tell('exec-1', HELLO, Buffer.from('ffffffff0c000000', 'hex'));
    expect(await failure(inner.started(command))).toBe('ERR_NS_PROGRAM');
  });

  test('half a record is nothing', async () => {
    const place = placeOf('exec-1');
    const inner = writeInner({ args: ['true'], env: [] }, place);
    tell('exec-1', Buffer.alloc(5));
    const over = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 50));
    expect(await failure(inner.started({ ...command, over }))).toBe('ERR_NS_TOOL_FAILED');
  });

  test('does not keep the engine busy by writing without end', async () => {
    const place = placeOf('exec-1');
    const inner = writeInner({ args: ['true'], env: [] }, place);
    const fifo = join(innerDirectory(place), 'exec-1.status');
    const writer = spawn('sh', ['-c', 'exec cat /dev/zero > "$0"', fifo], { stdio: 'ignore' });
    const ended = new Promise((resolve) => writer.on('exit', resolve));
    await inner.started(command);
    // Nobody reads any more.
    await ended;
    expect(writer.signalCode).toBe('SIGPIPE');
  });
});
