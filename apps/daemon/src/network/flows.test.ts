import type { PublishedPort } from '@ns/netfw';
import { describe, expect, it } from 'vitest';

import { concerns } from './flows.js';

describe('a connection concerns a published port', () => {
  const port: PublishedPort = {
    protocol: 'udp',
    hostIp: '0.0.0.0',
    hostPort: 5353,
    containerIp: '172.17.0.2',
    containerPort: 53,
  };
  const own = new Set(['192.0.2.1']);
  const client = { source: '192.0.2.9', sourcePort: 4000 };
  const flow = (destination: string, real: string, realPort: number, protocol = 17) =>
    ({
      family: 4,
      protocol,
      original: { ...client, destination, destinationPort: 5353 },
      reply: { source: real, sourcePort: realPort, destination: client.source, destinationPort: 4000 },
    }) as const;
  it.each([
    ['translated to the container', flow('192.0.2.1', '172.17.0.2', 53), true],
    ['translated to another', flow('192.0.2.1', '172.17.0.3', 53), false],
    ['to this machine', flow('192.0.2.1', '192.0.2.1', 5353), true],
    ['passing by', flow('203.0.113.1', '203.0.113.1', 5353), false],
    ['of TCP', flow('192.0.2.1', '172.17.0.2', 53, 6), false],
  ])('%s', (_, connection, is) => {
    expect(concerns(connection, port, own)).toBe(is);
  });
  it('of one address only', () => {
    const one = { ...port, hostIp: '192.0.2.1' };
    expect(concerns(flow('192.0.2.1', '192.0.2.1', 5353), one, own)).toBe(true);
    expect(concerns(flow('192.0.2.2', '192.0.2.2', 5353), one, new Set(['192.0.2.2']))).toBe(false);
  });
});
