// needs: linux, root, ip
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { CLONE, syscall } from '@ns/syscall';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  addRouteMessage,
  connectInterfaces,
  createLink,
  getLink,
  listLinks,
  type NetlinkSocket,
  openRtnetlink,
  requestInside,
} from '../src/index.js';

describe('a container that runs', () => {
  let socket: NetlinkSocket;
  let bridge = 0;
  let container: ChildProcess;
  const inside = (...args: string[]): string =>
    execFileSync('nsenter', ['-t', String(container.pid), '-n', 'ip', ...args], { encoding: 'utf8' });
  beforeAll(async () => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
    socket = openRtnetlink();
    createLink(socket, { kind: 'bridge', name: 'ns0', isUp: true });
    bridge = getLink(socket, 'ns0')!.index;
    container = spawn('unshare', ['-Urn', 'sh', '-c', 'echo ready; exec sleep 1000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(container.stdout!, 'data');
  });
  afterAll(async () => {
    const gone = once(container, 'exit');
    container.kill('SIGKILL');
    await gone;
    socket.close();
  });
  const network = (name: string, hostName: string, address: string) => ({
    interfaces: [{ name, link: { kind: 'veth', hostName, bridge } as const, addresses: [address] }],
  });

  test('gets interfaces, with a user namespace of its own too', async () => {
    const pid = container.pid!;
    await connectInterfaces(socket, { pid }, network('eth0', 'veth0', '10.1.0.2/24'));
    await connectInterfaces(
      socket,
      { pid },
      {
        ...network('eth1', 'veth1', '10.2.0.2/24'),
        gateways: ['10.2.0.1'],
      },
    );
    expect(inside('-o', '-4', 'address')).toMatch(
      /eth0\s+inet 10\.1\.0\.2\/24[^]*eth1\s+inet 10\.2\.0\.2\/24/,
    );
    expect(inside('route')).toContain('default via 10.2.0.1 dev eth1');
    expect(getLink(socket, 'veth1')).toMatchObject({ master: bridge, isUp: true });
  });

  test('is left as it was when something is refused', async () => {
    const pid = container.pid!;
    const before = listLinks(socket).map(({ name }) => name);
    // The name is taken: refused by the host's part.
    await expect(connectInterfaces(socket, { pid }, network('eth0', 'veth2', '10.3.0.2/24'))).rejects.toThrow(
      'EEXIST',
    );
    // No way to the gateway: refused by the container's part, when the link is there.
    await expect(
      connectInterfaces(
        socket,
        { pid },
        {
          ...network('eth2', 'veth2', '10.3.0.2/24'),
          gateways: ['192.0.2.1'],
        },
      ),
    ).rejects.toThrow(/default via 192\.0\.2\.1.*(ENETUNREACH|EEXIST)/);
    expect(listLinks(socket).map(({ name }) => name)).toEqual(before);
    expect(inside('-o', 'link')).not.toContain('eth2');
  });

  test('is sent single requests', async () => {
    const pid = container.pid!;
    await requestInside({ pid }, [addRouteMessage({ destination: '10.9.0.0/16', gateway: '10.2.0.1' })]);
    expect(inside('route')).toContain('10.9.0.0/16 via 10.2.0.1');
    await expect(
      requestInside({ pid: 2 ** 22 }, [addRouteMessage({ destination: '10.9.0.0/16', link: 1 })]),
    ).rejects.toThrow('ENOENT');
  });
});
