import { explain, slot, walk } from '@ns/syscall';
import { parseLinkAttrs, parseInfo } from 'netlink/dist/rt/ifla.js';
import { describe, expect, test } from 'vitest';

import { encodeAttributes } from '../netlink/attribute.js';
import { type ContainerInterface, type ContainerNetwork, planNetwork } from './network.js';
import { configureInterfaces, createInterfaces } from './steps.js';

const eth0: ContainerInterface = {
  name: 'eth0',
  link: { kind: 'veth', hostName: 'veth0', bridge: 5 },
  addresses: ['172.17.0.2/16'],
};
const network: ContainerNetwork = { interfaces: [eth0], gateways: ['172.17.0.1'] };

describe('the plan of a network', () => {
  test('says what is done, on the host and inside', () => {
    const { host, container } = planNetwork(network, { pid: 7 });
    expect(host.map(({ what }) => what)).toEqual(['create veth veth0', 'bring veth0 up']);
    expect(container.map(({ what }) => what)).toEqual([
      'change link 1',
      'configure eth0',
      'bring eth0 up',
      'add address 172.17.0.2/16 to eth0',
      'add route to default via 172.17.0.1',
    ]);
  });

  test('is read by another codec as it was meant', () => {
    const [veth, port] = planNetwork(network, { pid: 7 }).host;
    const link = parseLinkAttrs(encodeAttributes(veth!.attributes));
    expect(link).toMatchObject({ ifname: 'veth0' });
    // The kernel heeds the index of the peer if the link has one, which must not be one that it counts to.
    expect(Buffer.from(veth!.header).readInt32LE(4)).toBeGreaterThan(2 ** 28);
    const info = parseInfo(link.linkinfo!);
    expect(info.kind).toBe('veth');
    // VETH_INFO_PEER: the header of an attribute, a struct ifinfomsg, attributes.
    expect(Buffer.from(info.data!).readInt32LE(4 + 4)).toBe(2);
    const peer = parseLinkAttrs(info.data!.subarray(4 + 16));
    expect(peer).toMatchObject({ ifname: 'eth0', netNsPid: 7 });
    expect(peer.address).toEqual(Buffer.from('0242ac110002', 'hex'));
    expect(parseLinkAttrs(encodeAttributes(port!.attributes))).toMatchObject({ ifname: 'veth0', master: 5 });
  });

  test.each<[string, ContainerNetwork]>([
    ['two interfaces have the name eth0', { interfaces: [eth0, eth0] }],
    ['two interfaces have the index 2', { interfaces: [eth0, { ...eth0, name: 'eth1', index: 2 }] }],
    ['"a/b" cannot name a link', { interfaces: [{ ...eth0, name: 'a/b' }] }],
    ['"a-name-of-16-byt" cannot name a link', { interfaces: [{ ...eth0, name: 'a-name-of-16-byt' }] }],
    ['has no prefix length', { interfaces: [{ ...eth0, addresses: ['10.0.0.1/99'] }] }],
    ['is no IPv4 or IPv6 address', { interfaces: [eth0], gateways: ['router'] }],
    ['MTU 5 is not', { interfaces: [{ ...eth0, mtu: 5 }] }],
    ['is a multicast address', { interfaces: [{ ...eth0, mac: '01:00:00:00:00:00' }] }],
    [
      'there is no interface eth9',
      { interfaces: [eth0], routes: [{ destination: '10.0.0.0/8', interface: 'eth9' }] },
    ],
    ['a route needs a gateway or a link', { interfaces: [eth0], routes: [{ destination: '10.0.0.0/8' }] }],
  ])('is refused: %s', (message, bad) => {
    expect(() => planNetwork(bad, { pid: 1 })).toThrow(message);
  });
});

describe('the steps', () => {
  test('are two calls for the host and three inside, whatever is configured', () => {
    const calls = (steps: Parameters<typeof walk>[0]): string[] =>
      Array.from(walk(steps)).flatMap((step) => (step.op === 'call' ? [step.name] : []));
    expect(calls(createInterfaces(network, { socket: 9, pid: slot('pid') }))).toEqual(['sendto', 'recvfrom']);
    expect(calls(configureInterfaces(network))).toEqual(['socket', 'sendto', 'recvfrom']);
    expect(createInterfaces({ interfaces: [] }, { socket: 9, pid: 1 })).toEqual([]);
  });

  test('are explained', () => {
    const steps = [
      ...createInterfaces(network, { socket: 9, pid: slot('pid') }),
      ...configureInterfaces(network),
    ];
    const text = explain({ title: 'test', statusFd: 3, failureStatus: 1, steps });
    expect(text).toContain('create veth veth0');
    expect(text).toContain('add route to default via 172.17.0.1');
  });
});
