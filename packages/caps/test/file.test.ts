import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { O, openat2, openPath } from '@ns/syscall';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  capabilityMask,
  formatFileCapabilities,
  highestCapability,
  limitBounding,
  parseStatus,
  readFileCapabilities,
  removeFileCapabilities,
  writeFileCapabilities,
} from '../src/index.js';
import { becomeNobody, output } from './run.js';

const NET_RAW = capabilityMask(['NET_RAW']);
const CHOWN = capabilityMask(['CHOWN']);

describe('capabilities of a file', needs('root', 'linux', 'libcap'), () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ns-caps-'));
    file = join(folder, 'program');
    copyFileSync('/bin/cat', file);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const setcap = (...args: string[]): unknown => execFileSync('/usr/sbin/setcap', args);
  const getcap = (): string =>
    execFileSync('/usr/sbin/getcap', ['-n', file], { encoding: 'utf8' }).trim().slice(file.length).trim();

  test.each([
    [{ permitted: NET_RAW, inheritable: 0n, effective: true }, 'cap_net_raw=ep'],
    [{ permitted: NET_RAW, inheritable: 0n, effective: false }, 'cap_net_raw=p'],
    [{ permitted: NET_RAW | CHOWN, inheritable: CHOWN, effective: true }, 'cap_chown=eip cap_net_raw+ep'],
    [{ permitted: 0n, inheritable: CHOWN, effective: true, rootId: 100_000 }, 'cap_chown=ei [rootid=100000]'],
    [{ permitted: 1n << 40n, inheritable: 0n, effective: false }, 'cap_checkpoint_restore=p'],
  ])('%o: getcap reads what we write, and we read what setcap writes', (capabilities, text) => {
    writeFileCapabilities(file, capabilities);
    expect(getcap()).toBe(text);
    expect(readFileCapabilities(file)).toEqual(capabilities);
    expect(formatFileCapabilities(capabilities, { highest: highestCapability() })).toBe(text);

    setcap('-r', file);
    expect(readFileCapabilities(file)).toBeUndefined();
    const [sets = ''] = text.split(' [');
    const { rootId } = capabilities as { rootId?: number };
    setcap(...(rootId === undefined ? [] : ['-n', String(rootId)]), sets, file);
    expect(readFileCapabilities(file)).toEqual(capabilities);

    expect(removeFileCapabilities(file)).toBe(true);
    expect(getcap()).toBe('');
    expect(removeFileCapabilities(file)).toBe(false);
  });

  test('are reached through a link, a descriptor, and one that only names the file', () => {
    const capabilities = { permitted: NET_RAW, inheritable: 0n, effective: true };
    symlinkSync(file, `${file}-link`);
    writeFileCapabilities(`${file}-link`, capabilities);
    expect(getcap()).toBe('cap_net_raw=ep');
    using opened = openat2(file, { flags: O.O_RDONLY });
    expect(readFileCapabilities(opened.fd)).toEqual(capabilities);
    using named = openPath(file);
    expect(removeFileCapabilities(named.fd)).toBe(true);
    writeFileCapabilities(named.fd, capabilities);
    expect(readFileCapabilities(`${file}-link`)).toEqual(capabilities);
  });

  test('are what a user gets who executes it, within the bounding set', async () => {
    writeFileCapabilities(file, { permitted: NET_RAW | CHOWN, inheritable: 0n, effective: true });
    // nobody has to reach it.
    execFileSync('/bin/chmod', ['755', folder]);
    const status = await output(
      [file, '/proc/self/status'],
      ...limitBounding(NET_RAW | CHOWN, highestCapability()),
      becomeNobody(),
    );
    expect(parseStatus(status)).toMatchObject({ effective: NET_RAW | CHOWN, permitted: NET_RAW | CHOWN });
  });

  test('are refused for what is no regular file, and when they mean nothing', () => {
    const capabilities = { permitted: NET_RAW, inheritable: 0n, effective: true };
    mkdirSync(join(folder, 'd'));
    expect(() => writeFileCapabilities(join(folder, 'd'), capabilities)).toThrow('is not a regular file');
    expect(() => writeFileCapabilities(file, { permitted: 0n, inheritable: 0n, effective: true })).toThrow(
      'file capabilities: effective without any capability',
    );
    expect(getcap()).toBe('');
  });

  test('of a file that is not there, or whose file system has none', () => {
    expect(() => readFileCapabilities(join(folder, 'none'))).toThrow('ENOENT');
    expect(() => removeFileCapabilities('/proc/self/status')).toThrow(
      /remove the capabilities of \/proc\/self\/status: E(?:OPNOTSUPP|PERM)/,
    );
    writeFileSync(file, 'written to');
    expect(readFileCapabilities(file)).toBeUndefined();
  });
});
