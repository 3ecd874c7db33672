import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { removeVolume, seedVolume } from '../src/engine/volume-seed.js';

describe('seedVolume', needs('linux', 'root'), () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ns-seed-'));
    mkdirSync(join(directory, 'low/srv/data/sub'), { recursive: true });
    mkdirSync(join(directory, 'high/srv/data'), { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const at = (path: string): string => join(directory, path);
  const seed = (target: string): Promise<void> =>
    seedVolume(at('volumes/v/_data'), { kind: 'overlay', lower: [at('high'), at('low')] }, target);

  it('copies what the layers together have, with owner, mode and links', async () => {
    writeFileSync(at('low/srv/data/sub/file'), 'low');
    writeFileSync(at('low/srv/data/both'), 'low');
    writeFileSync(at('high/srv/data/both'), 'high');
    chownSync(at('low/srv/data/sub/file'), 7, 8);
    chmodSync(at('low/srv/data/sub/file'), 0o4750);
    symlinkSync('/etc/passwd', at('low/srv/data/link'));
    chownSync(at('high/srv/data'), 70, 70);
    chmodSync(at('high/srv/data'), 0o1770);
    await seed('/srv/data');
    const file = statSync(at('volumes/v/_data/sub/file'));
    expect([file.uid, file.gid, file.mode & 0o7777]).toEqual([7, 8, 0o4750]);
    expect(readFileSync(at('volumes/v/_data/both'), 'utf8')).toBe('high');
    expect(readlinkSync(at('volumes/v/_data/link'))).toBe('/etc/passwd');
    const top = statSync(at('volumes/v/_data'));
    expect([top.uid, top.mode & 0o7777]).toEqual([70, 0o1770]);
  });

  it('follows links of the image inside it, and never out of it', async () => {
    writeFileSync(at('low/srv/data/file'), 'inside');
    symlinkSync('/srv/data', at('low/inside'));
    symlinkSync('../../../../../../etc', at('low/outside'));
    await seed('/inside');
    expect(readFileSync(at('volumes/v/_data/file'), 'utf8')).toBe('inside');
    await removeVolume(at('volumes/v/_data'));
    await seed('/outside');
    expect(() => lstatSync(at('volumes/v/_data/passwd'))).toThrow('ENOENT');
  });

  it('is empty when the image has nothing there, and is not filled twice', async () => {
    await seed('/nothing');
    expect(statSync(at('volumes/v/_data')).mode & 0o7777).toBe(0o755);
    writeFileSync(at('low/srv/data/file'), 'late');
    await seed('/srv/data');
    expect(() => lstatSync(at('volumes/v/_data/file'))).toThrow('ENOENT');
  });
});
