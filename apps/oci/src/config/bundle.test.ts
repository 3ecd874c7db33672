import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { loadBundle } from './load.js';
import { sample, withProcess } from './sample.js';

describe('a bundle', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ns-oci-'));
    mkdirSync(join(folder, 'rootfs'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const load = (config: object, bundle = folder): ReturnType<typeof loadBundle> => {
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    return loadBundle(bundle, { id: 'box', systemdCgroup: false, rootless: false, warn: () => undefined });
  };
  const root = (path: string): object => sample({ root: { path } });

  test('is found, with a root in it or elsewhere', () => {
    expect(load(sample()).spec.root).toEqual({ kind: 'directory', path: join(folder, 'rootfs') });
    expect(load(root('/usr')).spec.root).toEqual({ kind: 'directory', path: '/usr' });
    expect(load(root('./rootfs/')).bundle).toBe(folder);
  });

  test('through a link: links above the bundle are the caller’s', () => {
    symlinkSync(folder, `${folder}.link`);
    try {
      expect(load(sample(), `${folder}.link`).bundle).toBe(folder);
    } finally {
      rmSync(`${folder}.link`);
    }
  });

  test.each([
    ['nothing', 'config.json: root.path: there is no '],
    ['file', 'config.json: root.path: "file" is no directory'],
    ['link', 'config.json: root.path: "link" is a symbolic link'],
    ['link/', 'config.json: root.path: "link/" is a symbolic link'],
    ['loop', 'config.json: root.path: "loop" is a symbolic link'],
    ['loop/x', 'config.json: root.path: "loop/x" cannot be reached: ELOOP'],
    ['file/x', 'config.json: root.path: "file/x" cannot be reached: ENOTDIR'],
    ['..', 'config.json: root.path: ".." leads out of the bundle'],
    ['../../../../../../etc', 'config.json: root.path: "../../../../../../etc" leads out of the bundle'],
    ['out/bin', 'config.json: root.path: "out/bin" leads out of the bundle, to /usr/bin'],
    ['x'.repeat(300), 'ENAMETOOLONG'],
  ])('with the root %s is refused', (path, message) => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('rootfs', join(folder, 'link'));
    symlinkSync('loop', join(folder, 'loop'));
    symlinkSync('/usr', join(folder, 'out'));
    expect(() => load(root(path))).toThrow(message);
  });

  test('that is not there, or has no configuration, or one that is no file', () => {
    const options = { id: 'box', systemdCgroup: false, rootless: false, warn: () => undefined };
    expect(() => loadBundle(`${folder}/x`, options)).toThrow(`bundle: there is no directory ${folder}/x`);
    expect(() => loadBundle(folder, options)).toThrow(`config.json: there is no ${folder}/config.json`);
    // A fifo would be waited for.
    execFileSync('mkfifo', [join(folder, 'config.json')]);
    expect(() => loadBundle(folder, options)).toThrow(`config.json: ${folder}/config.json is no file`);
  });

  test('with a configuration that is too large is not read', () => {
    writeFileSync(join(folder, 'config.json'), '');
    execFileSync('truncate', ['-s', '1T', join(folder, 'config.json')]);
    const options = { id: 'box', systemdCgroup: false, rootless: false, warn: () => undefined };
    expect(() => loadBundle(folder, options)).toThrow(
      'has 1099511627776 bytes, where at most 33554432 are read',
    );
  });

  test('with a namespace that is not there, and labels', () => {
    const joined = (path: string, more: object = {}): object =>
      sample({ linux: { namespaces: [{ type: 'mount' }, { type: 'network', path }], ...more } });
    expect(() => load(joined('/nowhere'))).toThrow(
      'config.json: linux.namespaces: /nowhere cannot be looked at',
    );
    expect(load(joined('/proc/self/ns/net')).spec.namespaces?.net).toEqual({ path: '/proc/self/ns/net' });
    expect(() => load(joined('/proc/self/ns/net', { sysctl: { 'net.core.somaxconn': '1' } }))).toThrow(
      'config.json: linux.sysctl["net.core.somaxconn"]: /proc/self/ns/net is the host\'s network namespace',
    );
    expect(() => load(withProcess({ selinuxLabel: 'a:b:c:s0' }))).toThrow(
      'config.json: process.selinuxLabel: this runtime does not set SELinux labels',
    );
  });
});
