// needs: linux, root, busybox
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nativeDriver } from '@ns/execdriver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { BusyboxRoot } from './busybox-root.js';

/**
 * Process 1 of the container, as root, tries to open the executable of every process that appears beside it: a program
 * of the host that could be opened could be overwritten (CVE-2019-5736). Builtins only, so that it is quick. What was
 * opened is compared by descriptor: the process may have executed the container's program meanwhile, which is fair.
 */
const ATTACKER = `
  echo ready
  while :; do
    for process in /proc/[0-9]*; do
      [ $process = /proc/1 ] && continue
      { [ /proc/1/fd/9 -ef /bin/busybox ] && echo own || echo STOLEN; } 9< $process/exe || echo denied
    done 2> /dev/null
  done`;

describe('a process that joins a container', () => {
  const root = new BusyboxRoot();
  let stateRoot = '';
  beforeAll(() => {
    stateRoot = mkdtempSync(join(tmpdir(), 'ns-joining-'));
  });
  afterAll(() => {
    root[Symbol.dispose]();
    rmSync(stateRoot, { recursive: true, force: true });
  });

  test('cannot be opened by the container until it has become the container’s program (CVE-2019-5736)', async () => {
    const container = await nativeDriver({ stateRoot }).create({
      id: 'attacker',
      root: { kind: 'directory', path: root.path },
      process: { args: ['sh', '-c', ATTACKER], env: ['PATH=/bin'], stdio: ['null', 'pipe', 'null'] },
    });
    try {
      await container.start();
      let seen = '';
      container.streams?.stdout?.on('data', (bytes: Buffer) => (seen += bytes.toString()));
      await expect.poll(() => seen).toContain('ready');
      // Enough times that the attacker meets the joining process before its execve, too.
      for (let round = 0; round < 300 && !(round > 50 && seen.includes('denied')); round += 1) {
        const joined = await container.exec({
          args: ['true'],
          env: ['PATH=/bin'],
          stdio: ['null', 'null', 'null'],
        });
        await joined.wait();
      }
      expect(seen).toContain('denied');
      expect(seen).not.toContain('STOLEN');
    } finally {
      await container.destroy();
    }
  });
});
