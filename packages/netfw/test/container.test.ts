import { needs } from '@ns/testing';
import {
  call,
  CLONE,
  compile,
  cstr,
  failureOf,
  loadImage,
  pipe,
  readAll,
  slot,
  spawn,
  strings,
  syscall,
  waitPid,
  type Step,
} from '@ns/syscall';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  configureInterfaces,
  type ContainerNetwork,
  createInterfaces,
  createLink,
  getLink,
  listLinks,
  type NetlinkSocket,
  openRouteSocket,
  openRtnetlink,
} from '../src/index.js';

/** Runs steps in a new network namespace, the way a container starts, and then a command. */
async function inContainer(
  network: ContainerNetwork,
  command: readonly string[],
): Promise<{ out: string; failure: string }> {
  const [host, pid] = [slot('host'), slot('pid')];
  const steps: Step[] = [
    openRouteSocket(host),
    call('unshare', [CLONE.CLONE_NEWNET], { what: 'get a network of its own' }),
    call('getpid', [], { what: 'ask for its pid', into: pid }),
    ...createInterfaces(network, { socket: host, pid }),
    ...configureInterfaces(network),
    call('execve', [cstr(command[0]!), strings(command), strings([])], { what: 'run the command' }),
  ];
  const image = compile({ title: 'test', statusFd: 3, failureStatus: 111, steps });
  using program = loadImage(image);
  using out = pipe();
  using status = pipe();
  const child = spawn(program.path, {
    argv: ['test'],
    fds: { 1: out.write.fd, 2: 2, 3: status.write.fd },
  });
  out.write.close();
  status.write.close();
  const text = readAll(out.read.fd, 1 << 20).toString();
  while (waitPid(child) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  const record = readAll(status.read.fd, 4096);
  return { out: text, failure: record.length === 0 ? '' : failureOf(image, record).error.message };
}

const ipJson = (out: string): Record<string, unknown>[] => JSON.parse(out);

describe('the network of a container', needs('linux', 'root', 'ip'), () => {
  let socket: NetlinkSocket;
  let bridge = 0;
  beforeAll(() => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
    socket = openRtnetlink();
    createLink(socket, { kind: 'bridge', name: 'ns0', isUp: true });
    bridge = getLink(socket, 'ns0')!.index;
    return () => socket.close();
  });

  const eth0 = (hostName: string): ContainerNetwork['interfaces'][number] => ({
    name: 'eth0',
    link: { kind: 'veth', hostName, bridge, bridgePort: { isolated: true } },
    addresses: ['172.30.0.2/16', 'fd00:30::2/64'],
    mtu: 1400,
  });

  test('is made and configured by its start program', async () => {
    const network: ContainerNetwork = {
      interfaces: [
        eth0('veth0'),
        {
          name: 'eth1',
          link: { kind: 'veth', hostName: 'veth1' },
          addresses: ['10.5.0.2/24'],
          index: 17,
          mac: '02:00:00:00:00:07',
        },
      ],
      gateways: ['172.30.0.1', 'fd00:30::1'],
      routes: [
        { destination: '10.6.0.0/16', gateway: '10.5.0.1' },
        { destination: '10.7.0.0/16', interface: 'eth1' },
      ],
    };
    const { out, failure } = await inContainer(network, [
      '/bin/sh',
      '-c',
      'ip -j addr; ip -j route; ip -6 -j route',
    ]);
    expect(failure).toBe('');
    const [links = [], routes = [], routes6 = []] = out.trim().split('\n').map(ipJson);
    expect(links).toMatchObject([
      { ifname: 'lo', flags: expect.arrayContaining(['UP', 'LOWER_UP']) },
      {
        ifindex: 2,
        ifname: 'eth0',
        mtu: 1400,
        address: '02:42:ac:1e:00:02',
        flags: expect.arrayContaining(['UP', 'LOWER_UP']),
      },
      { ifindex: 17, ifname: 'eth1', address: '02:00:00:00:00:07' },
    ]);
    const addresses = links.map((link) =>
      (link['addr_info'] as { local: string }[]).map(({ local }) => local),
    );
    expect(addresses[0]).toContain('127.0.0.1');
    expect(addresses[1]).toEqual(['172.30.0.2', 'fd00:30::2', expect.stringMatching(/^fe80::/)]);
    // No IPv6 was asked for.
    expect(addresses[2]).toEqual(['10.5.0.2']);
    expect(routes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ dst: 'default', gateway: '172.30.0.1', dev: 'eth0' }),
        expect.objectContaining({ dst: '10.6.0.0/16', gateway: '10.5.0.1', dev: 'eth1' }),
        expect.objectContaining({ dst: '10.7.0.0/16', dev: 'eth1' }),
      ]),
    );
    expect(routes6).toContainEqual(expect.objectContaining({ dst: 'default', gateway: 'fd00:30::1' }));
  });

  test('has its other end in the bridge', async () => {
    const watching = inContainer({ interfaces: [eth0('veth2')] }, ['/bin/sh', '-c', 'exec sleep 0.3 >&-']);
    // It has closed its output, and is waited for by turns of the event loop.
    await expect.poll(() => getLink(socket, 'veth2')?.hasCarrier).toBe(true);
    expect(getLink(socket, 'veth2')).toMatchObject({ master: bridge, mtu: 1400, kind: 'veth', isUp: true });
    expect((await watching).failure).toBe('');
  });

  test('is refused with what was wrong, and leaves nothing', async () => {
    createLink(socket, { kind: 'veth', name: 'taken', peer: { name: 'other' } });
    const taken = await inContainer({ interfaces: [eth0('taken')] }, ['/bin/true']);
    expect(taken.failure).toContain('create veth taken: EEXIST (File exists)');
    const nowhere = { interfaces: [eth0('veth3')], gateways: ['172.31.0.1'] };
    expect((await inContainer(nowhere, ['/bin/true'])).failure).toContain(
      'add route to default via 172.31.0.1: ENETUNREACH (Network is unreachable)',
    );
    const twice = { interfaces: [{ ...eth0('veth4'), addresses: ['10.0.0.1/8', '10.0.0.1/8'] }] };
    expect((await inContainer(twice, ['/bin/true'])).failure).toContain(
      'add address 10.0.0.1/8 to eth0: EEXIST',
    );
    // A namespace is taken apart after its last process has ended.
    await expect
      .poll(
        () =>
          listLinks(socket)
            .map(({ name }) => name)
            .filter((name) => name.startsWith('veth')),
        { timeout: 5000 },
      )
      .toEqual([]);
  });
});
