// needs: root, busybox
/** Checks a driver with some cases of the conformance suite, in node:test. Without `only` it is all of them. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { nativeDriver } from '@ns/execdriver';
import { conformance } from '@ns/execdriver/conformance';

const rootfs = mkdtempSync('/tmp/example-');
mkdirSync(join(rootfs, 'bin'));
copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'));
execFileSync(join(rootfs, 'bin/busybox'), ['--install', join(rootfs, 'bin')]);
after(() => rmSync(rootfs, { recursive: true }));

conformance({
  factory: nativeDriver,
  module: { url: import.meta.resolve('@ns/execdriver'), name: 'nativeDriver' },
  rootfs,
  only: 'life cycle gives',
  runner: { describe, test, skip: (name, reason) => void test(name, { skip: reason }) },
});
