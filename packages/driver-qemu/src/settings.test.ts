import { describe, expect, test } from 'vitest';

import { readSettings } from './settings.js';

describe('settings', () => {
  test('have defaults', () => {
    expect(readSettings()).toEqual({
      path: '/usr/bin/qemu-system-x86_64',
      kernel: undefined,
      modules: undefined,
      memoryMiB: 1024,
      cpus: 2,
      accelerator: 'auto',
      files: 'auto',
    });
  });

  test('are read', () => {
    expect(
      readSettings({
        memory: '256',
        cpus: '4',
        accelerator: 'tcg',
        kernel: '/boot/k',
        modules: '/m',
        files: '9p',
      }),
    ).toMatchObject({
      memoryMiB: 256,
      cpus: 4,
      accelerator: 'tcg',
      kernel: '/boot/k',
      modules: '/m',
      files: '9p',
    });
  });

  test.each([
    [{ paht: '/x' }, 'no setting "paht"'],
    [{ path: 'qemu' }, 'not an absolute path'],
    [{ kernel: 'vmlinuz' }, 'not an absolute path'],
    [{ path: '/q\0' }, 'not an absolute path'],
    [{ memory: '64' }, 'memory "64" is not a number from 128'],
    [{ memory: '1e3' }, 'memory "1e3"'],
    [{ memory: '' }, 'memory ""'],
    [{ cpus: '0' }, 'cpus "0"'],
    [{ cpus: '2,dies=9' }, 'cpus "2,dies=9"'],
    [{ accelerator: 'xen' }, 'accelerator "xen" is none of auto, kvm, tcg'],
    [{ files: 'nfs' }, 'files "nfs" is none of auto, 9p, virtiofs'],
  ])('refuse %j', (settings, message) => {
    expect(() => readSettings(settings)).toThrow(
      expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT' }),
    );
    expect(() => readSettings(settings)).toThrow(message);
  });
});
