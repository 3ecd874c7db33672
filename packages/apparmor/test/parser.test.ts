import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { needs } from '@ns/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { compileProfile, defaultProfile, parserVersion, type AppArmorFeatures } from '../src/index.js';
import { DEBIAN_6_1 } from './debian-kernel.js';
import { PARSER } from './requirements.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ns-apparmor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A features folder as the kernel has it. */
function featuresFolder(features: AppArmorFeatures): string {
  for (const [path, text] of features) {
    mkdirSync(dirname(join(folder, 'features', path)), { recursive: true });
    writeFileSync(join(folder, 'features', path), `${text}\n`);
  }
  return join(folder, 'features');
}

describe('the real parser, for a kernel that is not the running one', needs('linux', PARSER), () => {
  test('takes the default profile, whatever the kernel mediates', async () => {
    const whole = await compileProfile(defaultProfile({ features: DEBIAN_6_1 }), {
      features: featuresFolder(DEBIAN_6_1),
    });
    // The name stands in compiled policy; and the parser makes the same of the same.
    expect(whole.includes('ns-default')).toBe(true);
    rmSync(join(folder, 'features'), { recursive: true });
    const less = new Map([...DEBIAN_6_1].filter(([path]) => !/^(?:mount|signal|ptrace|network)/.test(path)));
    const old = await compileProfile(defaultProfile({ features: less }), { features: featuresFolder(less) });
    expect(old.length).toBeLessThan(whole.length);
  });

  test('refuses text that is none, with the line', async () => {
    const features = featuresFolder(DEBIAN_6_1);
    await expect(compileProfile('profile x {\n  nonsense,\n}', { features })).rejects.toMatchObject({
      code: 'ERR_NS_INVALID_ARGUMENT',
      message: expect.stringMatching(/^apparmor: the profile is not understood: .*line 2.*syntax error/),
    });
    await expect(compileProfile('', { features })).rejects.toThrow('it is empty');
  });

  test('has a version', async () => {
    const version = await parserVersion();
    expect(version.length).toBeGreaterThan(1);
    expect(version[0]).toBeGreaterThanOrEqual(2);
  });
});

describe('a parser', needs('linux'), () => {
  const script = (text: string): string => {
    const path = join(folder, 'apparmor_parser');
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  test('that is not there', async () => {
    const parser = join(folder, 'none');
    const error = { code: 'ERR_NS_UNSUPPORTED', hint: expect.stringContaining('apt-get install apparmor') };
    await expect(compileProfile('profile x {}', { parser })).rejects.toMatchObject(error);
    await expect(parserVersion({ parser })).rejects.toMatchObject(error);
  });

  test('that takes too long is ended', async () => {
    const parser = script('exec sleep 600');
    await expect(compileProfile('profile x {}', { parser, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_NS_TIMEOUT',
      message: `apparmor: ${parser} did not finish within 100 ms`,
    });
  });

  test('that does not read its input', async () => {
    const parser = script('echo policy');
    const policy = await compileProfile(`profile x {}\n#${'x'.repeat(1 << 20)}`, { parser });
    expect(policy.toString()).toBe('policy\n');
  });

  test('gets text on its standard input, and neither touches its cache nor the kernel', async () => {
    const parser = script('echo "$@"; cat');
    expect((await compileProfile('text', { parser })).toString()).toBe('--skip-cache --stdout\ntext');
    const options = { parser, features: '/f' };
    expect((await compileProfile('abi <kernel>,\ntext', options)).toString()).toBe(
      '--features-file /f --policy-features /f --skip-cache --stdout\n\ntext',
    );
  });
});
