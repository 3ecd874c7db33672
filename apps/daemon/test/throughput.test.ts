// needs: linux, root, busybox, overlayfs
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { framePieces } from '@ns/engine-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RealDaemon } from './real-daemon.js';

let daemon: RealDaemon;
beforeAll(async () => {
  daemon = await RealDaemon.start();
  await daemon.importBusybox();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Bytes of memory the daemon has at most had (`VmHWM`), or has now (`VmRSS`). */
const memory = (field: 'VmHWM' | 'VmRSS'): number =>
  Number(
    new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1],
  ) * 1024;

async function create(script: string): Promise<string> {
  const { Id } = await daemon.client.containerCreate({
    Image: 'busybox',
    Cmd: ['sh', '-c', script],
    HostConfig: { NetworkMode: 'none' },
  });
  return Id;
}

describe('1 GiB through stdout', () => {
  it('comes without loss, in bounded memory, and the log keeps its limits', async () => {
    const id = await create('dd if=/dev/zero bs=64k count=16384 2>/dev/null');
    const { stream } = await daemon.client.containerAttach(id, { stream: true, stdout: true });
    const before = memory('VmRSS');
    await daemon.client.containerStart(id);
    let bytes = 0;
    let isZero = true;
    for await (const { data } of framePieces(stream)) {
      bytes += data.length;
      isZero &&= data[0] === 0 && data.at(-1) === 0;
    }
    expect(bytes).toBe(GIB);
    expect(isZero).toBe(true);
    expect((await daemon.client.containerWait(id)).StatusCode).toBe(0);
    // Buffers on their way and what the collector has not come to yet; the output is ten times that.
    expect(memory('VmHWM') - before).toBeLessThan(100 * MIB);
    const directory = join(daemon.directory, 'data/containers', id);
    const logs = readdirSync(directory).filter((name) => name.startsWith(`${id}.log`));
    expect(logs.length).toBe(5);
    for (const name of logs) expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(20 * MIB);
    await daemon.client.containerRemove(id);
  });

  it('waits for a client that does not read, in bounded memory, and goes on when it leaves', async () => {
    const id = await create('dd if=/dev/zero bs=64k count=2048 2>/dev/null');
    const { stream } = await daemon.client.containerAttach(id, { stream: true, stdout: true });
    stream.pause();
    const before = memory('VmRSS');
    await daemon.client.containerStart(id);
    await new Promise((resolve) => void setTimeout(resolve, 1000));
    expect((await daemon.client.containerInspect(id)).State.Running).toBe(true);
    expect(memory('VmRSS') - before).toBeLessThan(40 * MIB);
    stream.destroy();
    await once(stream, 'close');
    expect((await daemon.client.containerWait(id)).StatusCode).toBe(0);
    await daemon.client.containerRemove(id);
  });
});

describe('the daemon at rest', () => {
  it('answers in no time while containers write as fast as they can', async () => {
    const ids = await Promise.all([0, 1].map(() => create('while :; do echo chatter; done')));
    for (const id of ids) await daemon.client.containerStart(id);
    const times: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      const begun = performance.now();
      await daemon.client.containerList();
      times.push(performance.now() - begun);
    }
    for (const id of ids) await daemon.client.containerRemove(id, { force: true });
    expect(times.toSorted((a, b) => a - b)[10]).toBeLessThan(500);
  });
});
