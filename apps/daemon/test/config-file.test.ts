import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { needs } from '@ns/testing';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { run, until } from './harness.js';
import { makeBusyboxRoot, RealDaemon } from './real-daemon.js';

const MAIN = fileURLToPath(new URL('../src/ns-daemon.ts', import.meta.url));
const PACKAGE = 'ns-driver-unshare';
const UNSHARE = fileURLToPath(new URL('../../../examples/driver-unshare', import.meta.url));

describe('a configuration file', needs('linux', 'root', 'unshare', 'busybox', 'overlayfs'), () => {
  let directory: string;
  let file: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'ns-config-'));
    file = join(directory, 'daemon.json');
    // Installed beside the file, under /etc for most.
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(UNSHARE, join(directory, 'node_modules', PACKAGE));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const write = (content: object): void => writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
  const validate = (): { status: number | null; stderr: string } => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [...SOURCE_LOADER, MAIN, '--config-file', file, '--validate'],
      { encoding: 'utf8' },
    );
    return { status, stderr };
  };

  it('starts a daemon whose containers have a third-party driver, and is read again at SIGHUP', async () => {
    const runtimes = { unshare: { path: PACKAGE } };
    write({ runtimes, 'default-runtime': 'unshare' });
    await using daemon = await RealDaemon.start(undefined, '--config-file', file);
    const { client } = daemon;
    const info = await client.info();
    expect(info.DefaultRuntime).toBe('unshare');
    expect(info.NsDrivers?.find(({ Name }) => Name === 'unshare')).toMatchObject({
      Path: PACKAGE,
      Available: true,
    });
    expect(info.Debug).toBe(false);
    const NsRootfs = makeBusyboxRoot(join(directory, 'root'));
    const request = { Cmd: ['sh', '-c', 'exit 6'], HostConfig: { NsRootfs } };
    const { id, code } = await run(client, request);
    expect(code).toBe(6);
    expect((await client.containerInspect(id)).HostConfig.Runtime).toBe('unshare');

    const reloaded = async (count: number): Promise<void> =>
      await until('it is reloaded', () => daemon.log.split('SIGHUP: ').length > count);
    write({
      runtimes: { ...runtimes, other: { path: '/bin/true' } },
      'default-runtime': 'native',
      debug: true,
      mtu: 1400,
    });
    process.kill(daemon.pid, 'SIGHUP');
    await reloaded(2);
    const after = await client.info();
    expect([after.DefaultRuntime, after.Debug]).toEqual(['native', true]);
    expect(after.NsDrivers?.map(({ Name }) => Name)).toContain('other');
    expect(daemon.log).toContain('SIGHUP: changed with the next start only: mtu');
    writeFileSync(file, '{');
    process.kill(daemon.pid, 'SIGHUP');
    await reloaded(3);
    expect(daemon.log).toMatch(/error SIGHUP: configuration file \S+: is not JSON/);
    expect((await client.info()).DefaultRuntime).toBe('native');
  }, 60_000);

  it('is validated without a start', () => {
    write({ runtimes: { unshare: { path: PACKAGE } }, 'default-runtime': 'unshare', 'data-root': directory });
    expect(validate()).toEqual({ status: 0, stderr: 'configuration OK\n' });
    chmodSync(file, 0o666);
    expect(validate()).toEqual({
      status: 1,
      stderr: `ns-daemon: configuration file ${file}: can be written by others than its owner: its mode is 0666\nIt names code that is loaded as root: chmod go-w ${file}\n`,
    });
  }, 60_000);
});
