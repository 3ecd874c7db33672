import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { engineHost } from './host.js';
import { findDaemon } from './start-daemon.js';

describe('the engine that is meant', () => {
  const env = { NS_HOST: 'unix:///ns', DOCKER_HOST: 'unix:///docker' };
  it.each([
    ['tcp://flag', env, { host: 'tcp://flag', chosenBy: '-H' }],
    [undefined, env, { host: 'unix:///ns', chosenBy: 'NS_HOST' }],
    [undefined, { ...env, NS_HOST: '' }, { host: 'unix:///docker', chosenBy: 'DOCKER_HOST' }],
    ['', {}, { host: 'unix:///run/ns/ns.sock', chosenBy: undefined }],
  ])('%s, %j', (flag, environment, expected) => {
    expect(engineHost(flag, environment)).toEqual(expected);
  });
});

describe('ns-daemon', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ns-find-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const touch = (path: string): string => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
    return join(root, path);
  };

  it('is found beside us in the repository', () => {
    const script = touch('apps/daemon/dist/ns-daemon.js');
    expect(findDaemon(join(root, 'apps/cli/dist'), '')).toEqual({ file: process.execPath, args: [script] });
  });

  it('is found among installed packages', () => {
    const script = touch('node_modules/@ns/daemon/dist/ns-daemon.js');
    expect(findDaemon(join(root, 'node_modules/@ns/cli/dist'), '')).toEqual({
      file: process.execPath,
      args: [script],
    });
  });

  it('is found on PATH, in absolute folders only', () => {
    const script = touch('bin/ns-daemon');
    expect(findDaemon(join(root, 'x'), `bin:${join(root, 'none')}:${join(root, 'bin')}`)).toEqual({
      file: script,
      args: [],
    });
  });

  it('may be nowhere', () => {
    expect(findDaemon(root, '')).toBeUndefined();
  });
});
