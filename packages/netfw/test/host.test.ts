import { execFileSync } from 'node:child_process';

import { needs } from '@ns/testing';
import { CLONE, syscall } from '@ns/syscall';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  addAddress,
  createLink,
  deleteLink,
  detectNetwork,
  enableForwarding,
  ensureBridge,
  forwarding,
  getLink,
  linkStatistics,
  listAddresses,
  listLinks,
  type NetlinkSocket,
  type NetworkEvent,
  openRtnetlink,
  readNetSysctl,
  setInterface,
  setLink,
  watchNetwork,
} from '../src/index.js';

describe('the host', needs('linux', 'root', 'ip'), () => {
  let socket: NetlinkSocket;
  beforeAll(() => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
    socket = openRtnetlink();
    return () => socket.close();
  });
  const addresses = (index: number): string[] =>
    listAddresses(socket, index)
      .map(({ address }) => address)
      .filter((address) => !address.startsWith('fe80:'));

  test('a bridge is made once, and brought back to what it should be', () => {
    const settings = { addresses: ['172.28.0.1/16', 'FD00:28::0:1/64'], mtu: 1450 };
    const first = ensureBridge(socket, 'ns0', settings);
    expect(first).toMatchObject({ kind: 'bridge', isUp: true, mtu: 1450 });
    expect(ensureBridge(socket, 'ns0', settings)).toEqual(first);
    expect(addresses(first.index)).toEqual(['172.28.0.1/16', 'fd00:28::1/64']);
    setLink(socket, 'ns0', { isUp: false, mtu: 1500 });
    addAddress(socket, first.index, '10.77.0.1/24');
    expect(ensureBridge(socket, 'ns0', settings)).toMatchObject({
      index: first.index,
      isUp: true,
      mtu: 1450,
      mac: first.mac,
    });
    expect(addresses(first.index)).toContain('10.77.0.1/24');
    ensureBridge(socket, 'ns0', { ...settings, exact: true });
    expect(addresses(first.index)).toEqual(['172.28.0.1/16', 'fd00:28::1/64']);
    deleteLink(socket, 'ns0');
  });

  test('a link of that name which is no bridge stays as it is', () => {
    createLink(socket, { kind: 'veth', name: 'v0', peer: { name: 'v1' } });
    expect(() => ensureBridge(socket, 'v0')).toThrow(
      'bridge v0: there is a link of that name, which is a veth',
    );
    expect(() => ensureBridge(socket, 'lo')).toThrow('which is no bridge');
    deleteLink(socket, 'v0');
  });

  test('a bridge that cannot be set up is gone again', () => {
    expect(() => ensureBridge(socket, 'ns1', { addresses: ['1.2.3.4/33'] })).toThrow('bridge: "1.2.3.4/33"');
    expect(() => ensureBridge(socket, 'ns1', { addresses: ['127.0.0.1/8', '127.0.0.1/8'] })).toThrow(
      'EEXIST',
    );
    expect(getLink(socket, 'ns1')).toBeUndefined();
  });

  test('settings of an interface, and forwarding', () => {
    createLink(socket, { kind: 'bridge', name: 'br.1', isUp: true });
    setInterface('br.1', {
      disableIpv6: true,
      routeLocalnet: true,
      acceptRouterAdvertisements: 'never',
      reversePathFilter: 'loose',
    });
    expect(readNetSysctl('net/ipv6/conf/br.1/disable_ipv6')).toBe('1');
    expect(readNetSysctl('net/ipv4/conf/br.1/route_localnet')).toBe('1');
    expect(readNetSysctl('net/ipv6/conf/br.1/accept_ra')).toBe('0');
    expect(readNetSysctl('net/ipv4/conf/br.1/rp_filter')).toBe('2');
    expect(readNetSysctl('net/ipv4/conf/nosuch/rp_filter')).toBeUndefined();
    expect(() => setInterface('nosuch', { proxyArp: true })).toThrow('ENOENT');
    expect(() => readNetSysctl('net/../kernel/hostname')).toThrow('is no path below /proc/sys/net');
    deleteLink(socket, 'br.1');

    createLink(socket, { kind: 'bridge', name: 'uplink', isUp: true });
    expect(forwarding()).toEqual({ ipv4: false, ipv6: false });
    expect(enableForwarding({ ipv4: true, ipv6: true })).toEqual({ ipv4: true, ipv6: true });
    expect(enableForwarding({ ipv4: true, ipv6: true })).toEqual({ ipv4: false, ipv6: false });
    expect(forwarding()).toEqual({ ipv4: true, ipv6: true });
    expect(readNetSysctl('net/ipv6/conf/uplink/accept_ra')).toBe('2');
    deleteLink(socket, 'uplink');
  });

  test('counters are those that ip shows', () => {
    createLink(socket, { kind: 'veth', name: 'v0', isUp: true, peer: { name: 'v1' } });
    setLink(socket, 'v1', { isUp: true });
    addAddress(socket, getLink(socket, 'v0')!.index, '10.3.0.1/24');
    setLink(socket, 'lo', { isUp: true });
    // Router solicitations, and an ARP request that nobody answers.
    execFileSync('sh', ['-c', 'echo x > /dev/udp/10.3.0.2/9 || bash -c "echo x > /dev/udp/10.3.0.2/9"'], {
      stdio: 'ignore',
    });
    setLink(socket, 'v1', { isUp: false });
    const [reference] = JSON.parse(
      execFileSync('ip', ['-j', '-s', 'link', 'show', 'v0'], { encoding: 'utf8' }),
    ) as {
      stats64: { rx: { bytes: number; packets: number }; tx: { bytes: number; packets: number } };
    }[];
    expect(linkStatistics(socket, 'v0')).toMatchObject({
      receivedBytes: reference!.stats64.rx.bytes,
      receivedPackets: reference!.stats64.rx.packets,
      sentBytes: reference!.stats64.tx.bytes,
      sentPackets: reference!.stats64.tx.packets,
    });
    expect(linkStatistics(socket, 'v0')!.sentPackets).toBeGreaterThan(0);
    expect(linkStatistics(socket, 'nosuch')).toBeUndefined();
    deleteLink(socket, 'v0');
  });

  test('events tell what changes', async () => {
    const events: NetworkEvent[] = [];
    using _watcher = watchNetwork(['link', 'address', 'route'], (event) => events.push(event));
    createLink(socket, { kind: 'bridge', name: 'seen', isUp: true });
    const { index } = getLink(socket, 'seen')!;
    addAddress(socket, index, '10.8.0.1/24');
    deleteLink(socket, 'seen');
    await expect.poll(() => events.some((event) => event.type === 'link-gone')).toBe(true);
    expect(events).toContainEqual({
      type: 'link',
      link: expect.objectContaining({ name: 'seen', kind: 'bridge' }),
    });
    expect(events).toContainEqual({
      type: 'address',
      address: expect.objectContaining({ address: '10.8.0.1/24', link: index }),
    });
    expect(events).toContainEqual({
      type: 'address-gone',
      address: expect.objectContaining({ address: '10.8.0.1/24' }),
    });
    expect(events).toContainEqual({
      type: 'route',
      route: expect.objectContaining({ destination: '10.8.0.1/32', type: 'local' }),
    });
  });

  test('what the kernel has is found out without a trace', () => {
    const before = listLinks(socket);
    const support = detectNetwork();
    expect(listLinks(socket)).toEqual(before);
    expect(support.links).toMatchObject({ bridge: true, veth: true });
    // The reference: whether ip can make one.
    createLink(socket, { kind: 'veth', name: 'below', peer: { name: 'other' } });
    for (const kind of ['macvlan', 'ipvlan', 'dummy'] as const) {
      const below = kind === 'dummy' ? [] : ['link', 'below'];
      let known = true;
      try {
        execFileSync('ip', ['link', 'add', ...below, 'name', 'probe', 'type', kind], { stdio: 'pipe' });
        execFileSync('ip', ['link', 'del', 'probe']);
      } catch {
        known = false;
      }
      expect([kind, support.links[kind]]).toEqual([kind, known]);
    }
    deleteLink(socket, 'below');
  });
});
