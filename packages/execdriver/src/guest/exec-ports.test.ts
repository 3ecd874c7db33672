import { describe, expect, test } from 'vitest';

import { execFd, execPort, execStreams } from './exec-ports.js';
import { MACHINE_FD } from './launcher.js';
import { PORT } from './transport.js';

describe('the ports of programs that are executed', () => {
  test('are each of its own, and not the container’s', () => {
    const ports = [
      ...Object.values(PORT),
      ...execStreams().map(({ slot, stream }) => execPort(slot, stream)),
    ];
    expect(new Set(ports).size).toBe(ports.length);
    // A virtio-serial device has 31, of which the first is a console.
    expect(Math.max(...ports)).toBeLessThanOrEqual(30);
  });

  test('have descriptors of their own', () => {
    const fds = [
      ...Object.values(MACHINE_FD),
      ...execStreams().map(({ slot, stream }) => execFd(slot, stream)),
    ];
    expect(new Set(fds).size).toBe(fds.length);
  });
});
