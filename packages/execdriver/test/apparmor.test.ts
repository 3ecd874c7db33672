// needs: linux, root, busybox, apparmor
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { selectProfile, unloadProfile } from '@ns/apparmor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { nativeDriver, type Container } from '../src/index.js';
import { BusyboxRoot } from './busybox-root.js';

const NAME = `ns-test-${process.pid}`;
const directory = mkdtempSync(join(tmpdir(), 'ns-profile-'));
const root = new BusyboxRoot();
const driver = nativeDriver({ stateRoot: join(directory, 'state') });
let container: Container;

beforeAll(async () => {
  const { profile } = await selectProfile(undefined, { defaultName: NAME });
  container = await driver.create({
    id: 'confined',
    root: { kind: 'directory', path: root.path },
    // What the profile denies would else be denied by other means.
    maskedPaths: [],
    readonlyPaths: [],
    process: {
      args: ['sleep', '1000'],
      env: ['PATH=/bin'],
      stdio: ['null', 'null', 'null'],
      apparmor: profile!,
      seccomp: 'unconfined',
      capabilities: ['SYS_ADMIN', 'SYS_PTRACE', 'DAC_OVERRIDE'],
    },
  });
  await container.start();
});
afterAll(async () => {
  await container.destroy();
  unloadProfile(NAME);
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

/** What a script prints in the container. */
async function sh(script: string, apparmor: string | undefined = NAME): Promise<string> {
  const running = await container.exec({
    args: ['sh', '-c', script],
    env: ['PATH=/bin'],
    seccomp: 'unconfined',
    capabilities: ['SYS_ADMIN', 'SYS_PTRACE', 'DAC_OVERRIDE'],
    ...(apparmor === '' ? {} : { apparmor }),
  });
  running.streams.stderr?.resume();
  let text = '';
  for await (const chunk of running.streams.stdout!) text += String(chunk);
  await running.wait();
  return text;
}

describe('a profile', () => {
  test('is that of the first process, and of what is executed', async () => {
    expect(await sh('cat /proc/1/attr/current /proc/self/attr/current')).toBe(
      `${NAME} (enforce)\n${NAME} (enforce)\n`,
    );
    expect(await sh('cat /proc/self/attr/current', '')).toContain('unconfined');
  });

  test('denies what is left to it', async () => {
    const attempts = [
      'echo h > /proc/sysrq-trigger',
      'echo x > /proc/sys/kernel/core_pattern',
      'mount -t tmpfs none /tmp',
    ].map((attempt) => `(${attempt}) 2> /dev/null && echo "DONE ${attempt}"`);
    expect(await sh(`${attempts.join('; ')}; echo tried`)).toBe('tried\n');
  });

  test('that is not loaded is an error, and nothing runs', async () => {
    await expect(sh('true', 'no-such-profile')).rejects.toThrow(/no-such-profile.*ENOENT/);
  });
});
