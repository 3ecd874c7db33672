// needs: linux, root, busybox, libvirt-lxc, apparmor
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { selectProfile, unloadProfile } from '@ns/apparmor';
import { driver } from '@ns/driver-libvirt-lxc';
import { BusyboxRoot } from '@ns/testing/drivers';
import { afterAll, beforeAll, expect, test } from 'vitest';

const NAME = `ns-test-${process.pid}`;
const directory = mkdtempSync(join(tmpdir(), 'ns-profile-'));
const root = new BusyboxRoot();

beforeAll(async () => {
  await selectProfile(undefined, { defaultName: NAME });
});
afterAll(() => {
  unloadProfile(NAME);
  root[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

test('a profile is that of the first process', async () => {
  const container = await driver.create({ stateRoot: join(directory, 'state') }).create({
    id: 'confined',
    root: { kind: 'directory', path: root.path },
    process: { args: ['cat', '/proc/self/attr/current'], env: ['PATH=/bin'], apparmor: NAME },
  });
  try {
    await container.start();
    expect(await text(container.streams!.stdout!)).toBe(`${NAME} (enforce)\n`);
    expect((await container.wait()).code).toBe(0);
  } finally {
    await container.destroy();
  }
});
