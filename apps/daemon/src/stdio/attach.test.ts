import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { frame } from '@ns/engine-api';
import { describe, expect, it } from 'vitest';

import { LogFile } from '../logs/log-file.js';
import { attach, type AttachOptions } from './attach.js';
import { InputHub, OutputHub } from './hub.js';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const RAW: AttachOptions = {
  stdin: true,
  streams: ['stdout'],
  stream: true,
  framed: false,
  closeStdin: false,
};

function scene(): {
  peer: { input: PassThrough; output: PassThrough };
  run: { output: OutputHub; input: InputHub };
  process: { stdin: PassThrough; stdout: PassThrough; stderr: PassThrough };
  start: () => void;
} {
  const peer = { input: new PassThrough(), output: new PassThrough() };
  const run = { output: new OutputHub(), input: new InputHub() };
  const process = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const start = (): void => {
    run.input.connect(process.stdin);
    run.output.connect(process);
  };
  return { peer, run, process, start };
}

const heard = (output: PassThrough): Buffer => (output.read() as Buffer | null) ?? Buffer.alloc(0);

describe('attach', () => {
  it('misses nothing when it comes before the start, and ends with the process', async () => {
    const { peer, run, process, start } = scene();
    const attached = attach(peer, run, RAW);
    start();
    process.stdout.end('hello');
    process.stderr.end();
    expect(await attached).toBe('ended');
    expect(heard(peer.output).toString()).toBe('hello');
    expect(peer.output.writableEnded).toBe(true);
  });

  it('frames the streams that were asked for', async () => {
    const { peer, run, process, start } = scene();
    const attached = attach(peer, run, { ...RAW, framed: true, streams: ['stdout', 'stderr'] });
    start();
    process.stdout.end('out');
    await turn();
    process.stderr.end('err');
    await attached;
    const expected = Buffer.concat([
      frame('stdout', Buffer.from('out')),
      frame('stderr', Buffer.from('err')),
    ]);
    expect(heard(peer.output)).toEqual(expected);
  });

  it('passes the input on, and its end when it is told to', async () => {
    const { peer, run, process, start } = scene();
    start();
    const attached = attach(peer, run, { ...RAW, closeStdin: true });
    peer.input.end('typed');
    await turn();
    await turn();
    expect(process.stdin.read()?.toString()).toBe('typed');
    expect(process.stdin.writableEnded).toBe(true);
    process.stdout.end('bye');
    process.stderr.end();
    expect(await attached).toBe('ended');
  });

  it('leaves stdin open otherwise', async () => {
    const { peer, run, process, start } = scene();
    start();
    void attach(peer, run, RAW);
    peer.input.end('typed');
    await turn();
    await turn();
    expect(process.stdin.writableEnded).toBe(false);
  });

  it('detaches by the keys, and passes on what came before them', async () => {
    const { peer, run, process, start } = scene();
    start();
    const attached = attach(peer, run, { ...RAW, detachKeys: Buffer.from('ab') });
    peer.input.write('xab');
    expect(await attached).toBe('detached');
    expect(process.stdin.read()?.toString()).toBe('x');
    expect(peer.output.writableEnded).toBe(true);
    expect(run.output.subscribers).toBe(0);
  });

  it('ends when the client goes away, and holds nothing up', async () => {
    const { peer, run, start } = scene();
    start();
    const attached = attach(peer, run, RAW);
    peer.output.destroy();
    expect(await attached).toBe('left');
    expect(run.output.subscribers).toBe(0);
  });

  it('replays the log first, and says nothing twice', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ns-attach-'));
    try {
      const { peer, run, process, start } = scene();
      const log = new LogFile(join(directory, 'log'));
      log.open();
      run.output.subscribe({
        write(stream, chunk) {
          log.append(stream, chunk);
          return true;
        },
        end: () => undefined,
      });
      start();
      process.stdout.write('before ');
      await turn();
      const attached = attach(peer, run, { ...RAW, log });
      process.stdout.end('after');
      process.stderr.end();
      await attached;
      expect(heard(peer.output).toString()).toBe('before after');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('closes the connection when the exit code is known, not before', async () => {
    const { peer, run, process, start } = scene();
    let settle = (): void => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    start();
    const attached = attach(peer, run, { ...RAW, settled });
    process.stdout.end();
    process.stderr.end();
    await run.output.drained;
    await turn();
    expect(peer.output.writableEnded).toBe(false);
    settle();
    expect(await attached).toBe('ended');
  });
});
