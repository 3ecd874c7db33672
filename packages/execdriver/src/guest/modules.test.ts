import { describe, expect, it } from 'vitest';

import { loadOrder } from './modules.js';

const DEPENDENCIES = `kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/fscache.ko kernel/fs/netfs.ko
kernel/net/9p/9pnet.ko:
kernel/fs/fscache.ko: kernel/fs/netfs.ko
kernel/fs/netfs.ko:
kernel/drivers/virtio-pci.ko.xz: kernel/drivers/virtio.ko.xz
kernel/drivers/virtio.ko.xz:
`;

describe('the order of modules', () => {
  it('has each after all that it needs, once', () => {
    expect(loadOrder(DEPENDENCIES, '', ['9p', 'fscache', 'virtio_pci'])).toEqual([
      'kernel/net/9p/9pnet.ko',
      'kernel/fs/netfs.ko',
      'kernel/fs/fscache.ko',
      'kernel/fs/9p/9p.ko',
      'kernel/drivers/virtio.ko.xz',
      'kernel/drivers/virtio-pci.ko.xz',
    ]);
  });

  it('leaves out what the kernel has anyway, and refuses what it never heard of', () => {
    expect(loadOrder(DEPENDENCIES, 'kernel/fs/overlay.ko\n', ['overlay'])).toEqual([]);
    expect(() => loadOrder(DEPENDENCIES, '', ['overlay'])).toThrow('the kernel has no module overlay');
  });
});
