import { networkInterfaces } from 'node:os';

import { type Connection, forgetConnections, type NetlinkSocket, type PublishedPort } from '@ns/netfw';
import { IPPROTO } from '@ns/syscall';

/**
 * Have packets of UDP that are on their way already looked at anew, after ports were published or are no longer.
 *
 * @remarks
 * To the kernel, a client that goes on sending from one port is one connection, which keeps what was decided for its first
 * packet: without this it would not reach a container that was published later, and reach one that is gone. TCP has ends.
 */
export function redecide(socket: NetlinkSocket, ports: readonly PublishedPort[]): void {
  const udp = ports.filter(({ protocol }) => protocol === 'udp');
  if (udp.length === 0) return;
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address)),
  );
  forgetConnections(socket, (connection) => udp.some((port) => concerns(connection, port, own)));
}

/** Whether a connection goes to a published port: to the container by translation, or to this machine without. */
export function concerns(
  { protocol, original, reply }: Connection,
  { hostIp, hostPort, containerIp, containerPort }: PublishedPort,
  own: ReadonlySet<string>,
): boolean {
  if (protocol !== IPPROTO.IPPROTO_UDP || original.destinationPort !== hostPort) return false;
  if (reply.source === containerIp && reply.sourcePort === containerPort) return true;
  const isTranslated = reply.source !== original.destination || reply.sourcePort !== hostPort;
  const isAny = hostIp === '0.0.0.0' || hostIp === '::';
  return !isTranslated && (isAny ? own.has(original.destination) : original.destination === hostIp);
}
