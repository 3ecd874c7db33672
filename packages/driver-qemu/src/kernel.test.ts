import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { findKernel, unpacked, type KernelPlaces } from './kernel.js';

let directory: string;
let places: KernelPlaces;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-kernel-'));
  places = { boot: join(directory, 'boot'), modules: join(directory, 'modules') };
  mkdirSync(places.boot);
});
afterEach(() => rmSync(directory, { recursive: true }));

function install(release: string, hasModules = true): void {
  writeFileSync(join(places.boot, `vmlinuz-${release}`), '');
  mkdirSync(join(places.modules, release), { recursive: true });
  if (hasModules) writeFileSync(join(places.modules, release, 'modules.dep'), '');
}

const NONE = { kernel: undefined, modules: undefined };

describe('the kernel', () => {
  test('is the newest that has modules, and 9p among them', () => {
    install('6.1.0-9-amd64');
    install('6.1.0-56-amd64');
    install('6.12.0-1-cloud-amd64');
    install('6.13.0-1-amd64', false);
    expect(findKernel(NONE, '9p', places)).toEqual({
      release: '6.1.0-56-amd64',
      image: join(places.boot, 'vmlinuz-6.1.0-56-amd64'),
      modules: join(places.modules, '6.1.0-56-amd64'),
    });
  });

  test('is one for clouds, which has virtiofs, where that is what files come by', () => {
    install('6.1.0-9-cloud-amd64');
    expect(findKernel(NONE, 'virtiofs', places).release).toBe('6.1.0-9-cloud-amd64');
    expect(() => findKernel(NONE, '9p', places)).toThrow('no kernel for virtual machines');
  });

  test('is that of the settings', () => {
    const image = join(directory, 'kernel');
    const modules = join(directory, 'lib/6.9');
    mkdirSync(modules, { recursive: true });
    writeFileSync(image, '');
    writeFileSync(join(modules, 'modules.dep'), '');
    expect(findKernel({ kernel: image, modules }, '9p', places)).toEqual({ release: '6.9', image, modules });
  });

  test('that is not there is refused, with what to install', () => {
    expect(() => findKernel(NONE, '9p', places)).toThrow(
      expect.objectContaining({
        code: 'ERR_NS_UNSUPPORTED',
        hint: expect.stringContaining('apt-get install linux-image-amd64'),
      }),
    );
    expect(() => findKernel({ kernel: '/none/kernel', modules: '/none' }, '9p', places)).toThrow(
      '/none/kernel does not exist',
    );
  });

  test('that is not packed with xz is used as it is', () => {
    const image = join(directory, 'kernel');
    for (const content of ['\x7fELF…', 'MZ no xz']) {
      writeFileSync(image, content);
      expect(unpacked(image, join(directory, 'cache'))).toBe(image);
    }
    writeFileSync(
      image,
      Buffer.concat([Buffer.from('MZ'), Buffer.from('fd377a585a00', 'hex'), Buffer.from('no xz')]),
    );
    expect(unpacked(image, join(directory, 'cache'))).toBe(image);
  });
});
