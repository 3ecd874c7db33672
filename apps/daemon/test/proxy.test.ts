import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';

import type { OwnedFd } from '@ns/syscall';
import { needs } from '@ns/testing';
import { describe, expect, it } from 'vitest';

import { createLogger } from '../src/host/logger.js';
import { bindPort } from '../src/network/port-socket.js';
import { proxyTcp, proxyUdp } from '../src/network/proxy.js';

const logger = createLogger('error', (line) => expect.fail(line));

/** A free port: one that was given to somebody a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('proxies', needs('linux'), () => {
  it('TCP: either side ends its half, and a port that is served is taken', async () => {
    const back = createServer({ allowHalfOpen: true }, (socket) => {
      void text(socket).then((all) => socket.end(`got ${all}`));
    }).listen(0, '127.0.0.1');
    await once(back, 'listening');
    const { port } = back.address() as AddressInfo;
    const binding = {
      protocol: 'tcp',
      containerPort: 80,
      hostIp: '127.0.0.1',
      hostPort: await freePort(),
    } as const;
    const proxy = proxyTcp(bindPort(binding, true) as OwnedFd, { address: '127.0.0.1', port }, logger);
    expect(bindPort(binding, true)).toBeUndefined();
    expect(bindPort(binding, false)).toBeUndefined();
    const client = connect({ port: binding.hostPort, host: '127.0.0.1', allowHalfOpen: true });
    client.end('words');
    expect(await text(client)).toBe('got words');
    proxy.close();
    back.close();
    const refused = connect(binding.hostPort, '127.0.0.1');
    expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('UDP: each client gets its own answers', async () => {
    const back = createSocket('udp4');
    back.on('message', (message, { port, address }) => back.send(`got ${message.toString()}`, port, address));
    back.bind(0, '127.0.0.1');
    await once(back, 'listening');
    const binding = {
      protocol: 'udp',
      containerPort: 53,
      hostIp: '127.0.0.1',
      hostPort: await freePort(),
    } as const;
    const target = { address: '127.0.0.1', port: back.address().port };
    const proxy = proxyUdp(bindPort(binding, true) as OwnedFd, '127.0.0.1', target, logger);
    expect(bindPort(binding, true)).toBeUndefined();
    const clients = ['one', 'two'].map((name) => ({ name, socket: createSocket('udp4') }));
    for (const { name, socket } of clients) {
      const answer = once(socket, 'message');
      socket.send(name, binding.hostPort, '127.0.0.1');
      expect(String((await answer)[0])).toBe(`got ${name}`);
    }
    proxy.close();
    back.close();
    for (const { socket } of clients) socket.close();
    (bindPort(binding, false) as OwnedFd).close();
  });
});
