import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { connect, createServer, isIPv6, type Socket } from 'node:net';

import type { OwnedFd } from '@ns/syscall';

import type { Logger } from '../host/logger.js';

/** Where a proxy sends what it gets. */
export interface ProxyTarget {
  readonly address: string;
  readonly port: number;
}

/** Passes on what comes to a port, where rules of the kernel cannot. */
export interface Proxy {
  /** Ends it, with its connections. */
  close(): void;
}

/** A UDP client that says nothing for so long is forgotten, as dockerd's proxy does. */
const UDP_IDLE_MS = 90_000;
const MAX_UDP_CLIENTS = 4_096;

/** Serve a listening TCP socket. Each side may end its half of a connection. Takes over the descriptor. */
export function proxyTcp(socket: OwnedFd, target: ProxyTarget, logger: Logger): Proxy {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const back = connect({ host: target.address, port: target.port, allowHalfOpen: true });
    for (const [one, other] of [
      [client, back],
      [back, client],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        // Half of a connection does not outlive an end that was cut off.
        if (!one.readableEnded) other.destroy();
      });
    }
    client.pipe(back);
    back.pipe(client);
  });
  server.on('error', (error) => logger.error(`proxy to ${target.address}:${target.port}`, error));
  server.listen({ fd: socket.take() });
  return {
    close() {
      server.close();
      for (const one of open) one.destroy();
    },
  };
}

/** Serve a bound UDP socket: a socket towards the container for every client. Takes over the descriptor. */
export function proxyUdp(socket: OwnedFd, hostIp: string, target: ProxyTarget, logger: Logger): Proxy {
  const type = isIPv6(hostIp) ? 'udp6' : 'udp4';
  const front = createSocket({ type, ipv6Only: true });
  const clients = new Map<string, { readonly back: Datagrams; readonly timer: NodeJS.Timeout }>();
  const forget = (key: string): void => {
    const client = clients.get(key);
    if (client === undefined) return;
    clients.delete(key);
    clearTimeout(client.timer);
    client.back.close();
  };
  front.on('message', (message, { address, port }) => {
    const key = `${address} ${port}`;
    let client = clients.get(key);
    if (client === undefined) {
      // The oldest gives way: nobody fills the memory by making up addresses.
      if (clients.size >= MAX_UDP_CLIENTS) forget(clients.keys().next().value as string);
      const back = createSocket(isIPv6(target.address) ? 'udp6' : 'udp4');
      back.on('message', (answer) => front.send(answer, port, address));
      back.on('error', () => forget(key));
      client = { back, timer: setTimeout(() => forget(key), UDP_IDLE_MS) };
      client.timer.unref();
      clients.set(key, client);
    }
    client.timer.refresh();
    client.back.send(message, target.port, target.address);
  });
  front.on('error', (error) => logger.error(`proxy to ${target.address}:${target.port}`, error));
  front.bind({ fd: socket.take() });
  return {
    close() {
      front.close();
      for (const key of clients.keys()) forget(key);
    },
  };
}
