// needs: linux, root, nft
import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

import { CLONE, IPPROTO, syscall } from '@ns/syscall';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  forgetConnections,
  listConnections,
  type NetlinkSocket,
  openNftables,
  openRtnetlink,
  setLink,
} from '../src/index.js';

describe('connections', () => {
  let socket: NetlinkSocket;
  const sockets: Socket[] = [];
  const nft = (script: string): void => void execFileSync('nft', ['-f', '-'], { input: script });
  const bound = async (type: 'udp4' | 'udp6', port: number, address: string): Promise<Socket> => {
    const one = createSocket(type);
    sockets.push(one);
    one.bind(port, address);
    await once(one, 'listening');
    return one;
  };
  beforeAll(() => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
    using route = openRtnetlink();
    setLink(route, 'lo', { isUp: true });
    socket = openNftables();
    // Translation asks for tracking.
    nft(
      'table inet t { chain out { type nat hook output priority -100; ct state invalid drop; udp dport 5000 dnat ip to 127.0.0.1:5001; }; }',
    );
  });
  afterAll(() => {
    for (const one of sockets) one.close();
    socket.close();
  });

  test('are listed, and forgotten one by one', async () => {
    const server = await bound('udp4', 5001, '127.0.0.1');
    const client = await bound('udp4', 6000, '127.0.0.1');
    const other = await bound('udp6', 6001, '::1');
    const server6 = await bound('udp6', 5002, '::1');
    const reached = Promise.all([once(server, 'message'), once(server6, 'message')]);
    client.send('hello', 5000, '127.0.0.1');
    other.send('hello', 5002, '::1');
    await reached;
    const all = listConnections(socket);
    expect(all).toContainEqual({
      family: 4,
      protocol: IPPROTO.IPPROTO_UDP,
      original: { source: '127.0.0.1', sourcePort: 6000, destination: '127.0.0.1', destinationPort: 5000 },
      reply: { source: '127.0.0.1', sourcePort: 5001, destination: '127.0.0.1', destinationPort: 6000 },
    });
    expect(all).toContainEqual(
      expect.objectContaining({
        family: 6,
        original: { source: '::1', sourcePort: 6001, destination: '::1', destinationPort: 5002 },
      }),
    );
    // While it is known, packets go where they went.
    nft('flush chain inet t out; add rule inet t out ct state invalid drop');
    const again = once(server, 'message');
    client.send('again', 5000, '127.0.0.1');
    await again;
    expect(forgetConnections(socket, ({ original }) => original.destinationPort === 5000)).toBe(1);
    const left = listConnections(socket).map(({ original }) => original.destinationPort);
    expect(left).not.toContain(5000);
    expect(left).toContain(5002);
    expect(forgetConnections(socket, ({ original }) => original.destinationPort === 5000)).toBe(0);
  });
});
