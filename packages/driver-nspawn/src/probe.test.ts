import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { judge, probe } from './probe.js';

const FILE = '/usr/bin/systemd-nspawn';

describe('the probe', () => {
  it('knows the version as systemd prints it', () => {
    expect(judge(FILE, 'systemd 252 (252.39-1~deb12u2)\n+PAM +AUDIT\n')).toEqual({
      available: true,
      version: 'systemd 252.39-1~deb12u2',
    });
    expect(judge(FILE, 'systemd 247\n').version).toBe('systemd 247');
  });

  it('refuses an old one, and says so', () => {
    expect(judge(FILE, 'systemd 241 (241)\n')).toEqual({
      available: false,
      reason: 'systemd-nspawn 241 is older than 247',
      hint: 'use a newer release of systemd',
    });
  });

  it('refuses what does not say', () => {
    expect(judge(FILE, undefined).reason).toBe('/usr/bin/systemd-nspawn does not say its version');
    expect(judge(FILE, 'GNU hello 2.10\n').available).toBe(false);
  });

  it('does not take a slow machine for one that cannot', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ns-probe-'));
    try {
      const path = join(directory, 'slow');
      writeFileSync(path, '#!/bin/sh\nexec sleep 30\n', { mode: 0o755 });
      const isRoot = process.geteuid?.() === 0;
      await expect(probe({ path })).resolves.toMatchObject({ available: isRoot });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('does not reject, whatever the settings', async () => {
    await expect(probe({ path: 'systemd-nspawn' })).resolves.toMatchObject({ available: false });
    await expect(probe({ nonsense: '1' })).resolves.toMatchObject({ available: false });
    await expect(probe({ path: '/none/systemd-nspawn' })).resolves.toMatchObject({
      reason: '/none/systemd-nspawn is not installed',
      hint: 'apt-get install systemd-container',
    });
  });
});
