// needs: linux, root, busybox, unshare
/** The number of a namespace that is gone is soon another's. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { BusyboxRoot } from '@ns/testing/drivers';
import { afterAll, expect, test } from 'vitest';

import { leavingDriver } from './leaving-driver.js';

const directory = mkdtempSync(join(tmpdir(), 'ns-strays-'));
const root = new BusyboxRoot();
afterAll(() => {
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const mountNamespace = (pid: number): string => readlinkSync(`/proc/${pid}/ns/mnt`);

/** Others with mount namespaces, until one has that number: it is the next that is given, unless this machine is busy. */
async function heirOf(number: string): Promise<ChildProcess[]> {
  const all: ChildProcess[] = [];
  for (let tries = 0; tries < 40; tries++) {
    const other = spawn('unshare', ['--mount', 'sh', '-c', 'echo in; exec sleep 100'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    all.push(other);
    await once(other.stdout, 'data');
    if (mountNamespace(other.pid!) === number) break;
  }
  return all;
}

test('destroying a container that has ended kills nobody who has its namespace’s number by now', async () => {
  const container = await leavingDriver({ stateRoot: join(directory, 'state') }).create({
    id: 'gone',
    root: { kind: 'directory', path: root.path },
    namespaces: { mnt: 'host', pid: 'host', uts: 'host', ipc: 'host', net: 'host', cgroup: 'host' },
    process: { args: ['sh', '-c', 'read line'], env: ['PATH=/bin'] },
  });
  await container.start();
  const number = mountNamespace(container.pid!);
  expect(number).not.toBe(readlinkSync('/proc/self/ns/mnt'));
  container.streams!.stdin!.end();
  container.streams!.stdout!.resume();
  container.streams!.stderr!.resume();
  await container.wait();
  await sleep(200);
  const others = await heirOf(number);
  try {
    await container.destroy();
    await sleep(50);
    expect(others.filter(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)).toEqual([]);
  } finally {
    for (const other of others) other.kill('SIGKILL');
  }
});
