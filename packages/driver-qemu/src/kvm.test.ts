import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TRIAL_SAYS } from '@ns/execdriver/guest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { chooseAccelerator, kvmRuns } from './kvm.js';

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'ns-kvm-test-'))));
afterAll(() => rmSync(directory, { recursive: true }));

/** An emulator that prints something. */
function emulator(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\necho '${text}'\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('KVM', () => {
  test('works where the kernel has run a program', async () => {
    await expect(kvmRuns(emulator('good', TRIAL_SAYS), '/kernel', '/dev/null')).resolves.toBe(true);
  });

  test('does not work where the device is there and the kernel stops', async () => {
    await expect(
      kvmRuns(emulator('bad', 'KVM internal error. Suberror: 1'), '/kernel', '/dev/null'),
    ).resolves.toBe(false);
    await expect(kvmRuns('/none/emulator', '/kernel', '/dev/null')).resolves.toBe(false);
  });

  test('does not work without the device, and nothing is tried', async () => {
    await expect(kvmRuns(emulator('good', TRIAL_SAYS), '/kernel', join(directory, 'none'))).resolves.toBe(
      false,
    );
  });

  test('is looked for again: its module may be loaded later', async () => {
    const device = join(directory, 'later');
    await expect(kvmRuns(emulator('good', TRIAL_SAYS), '/kernel', device)).resolves.toBe(false);
    writeFileSync(device, '');
    await expect(kvmRuns(emulator('good', TRIAL_SAYS), '/kernel', device)).resolves.toBe(true);
  });

  test('is not what emulates when its device is there and cannot be opened, and is no surprise', async () => {
    const device = join(directory, 'directory');
    mkdirSync(device);
    const good = emulator('good', TRIAL_SAYS);
    await expect(chooseAccelerator('auto', good, '/kernel', device)).resolves.toBe('tcg');
    await expect(chooseAccelerator('tcg', good, '/kernel', device)).resolves.toBe('tcg');
    await expect(chooseAccelerator('kvm', good, '/kernel', device)).rejects.toMatchObject({
      code: 'ERR_NS_UNSUPPORTED',
      message: `driver qemu: ${device} cannot be opened, and the setting accelerator says kvm`,
    });
    await expect(chooseAccelerator('kvm', good, '/kernel', '/dev/null')).resolves.toBe('kvm');
  });
});
