// needs: linux, root, busybox
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { loadDriver } from '@ns/execdriver';
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { driver } from 'ns-driver-unshare';
import { afterAll, describe, expect, test } from 'vitest';

describe('the driver', () => {
  const root = new BusyboxRoot();
  // Shells give background jobs /dev/null to read; in containers without mounts, that is a file of the root.
  mkdirSync(join(root.path, 'dev'));
  writeFileSync(join(root.path, 'dev/null'), '');
  afterAll(() => root[Symbol.dispose]());

  // All of the suite passes; these are the cases that tell this driver from others.
  for (const only of [
    'life cycle',
    'start ',
    'program',
    'ipc',
    'uts',
    'overlay',
    'terminal',
    'whose creator',
  ]) {
    conformance({
      factory: driver.create,
      module: {
        url: new URL('factory.ts', import.meta.url).href,
        name: 'create',
        nodeOptions: SOURCE_LOADER,
      },
      rootfs: root.path,
      only,
      timeLimitMs: TIME_LIMIT_MS,
      runner: vitestRunner,
    });
  }
});

test('an engine finds it by the name of its package', async () => {
  expect((await loadDriver('ns-driver-unshare', import.meta.dirname)).info).toEqual(driver.info);
});

test('it says what is missing', async () => {
  expect(await driver.probe()).toMatchObject({ available: true });
  expect(await driver.probe({ path: '/no/such/unshare' })).toEqual({
    available: false,
    reason: '/no/such/unshare cannot be run',
    hint: 'apt-get install util-linux',
  });
});
