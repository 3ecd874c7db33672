import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

import { needs } from '@ns/testing';
import { AF, CLONE, O, openat2, syscall } from '@ns/syscall';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

import {
  addAddress,
  addRoute,
  createLink,
  deleteAddress,
  deleteLink,
  deleteNeighbour,
  deleteRoute,
  getLink,
  type LinkSpec,
  listAddresses,
  listLinks,
  listNeighbours,
  listRoutes,
  type NetlinkSocket,
  openRtnetlink,
  routeTo,
  setLink,
  setNeighbour,
} from '../src/index.js';

/** What ip(8) says. */
const ip = (...args: string[]): Record<string, unknown>[] =>
  JSON.parse(execFileSync('ip', ['-j', '-d', ...args], { encoding: 'utf8' }) || '[]');
const linkOf = (name: string): Record<string, unknown> => ip('link', 'show', name)[0]!;

/** An object that has these members, and others, at every depth. */
const partly = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? expect.objectContaining(
        Object.fromEntries(Object.entries(value).map(([key, item]) => [key, partly(item)])),
      )
    : value;

describe('rtnetlink', needs('linux', 'root', 'ip', 'unshare'), () => {
  let socket: NetlinkSocket;
  beforeAll(() => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
    socket = openRtnetlink();
    return () => socket.close();
  });
  afterEach(() => {
    for (const { name } of listLinks(socket)) if (name !== 'lo') deleteLink(socket, name);
    setLink(socket, 'lo', { isUp: false });
  });

  test('a bridge has its options', () => {
    createLink(socket, {
      kind: 'bridge',
      name: 'br0',
      isUp: true,
      mtu: 1400,
      mac: '02:42:00:00:00:01',
      stp: true,
      forwardDelayMs: 4000,
      ageingTimeMs: 60_000,
      multicastSnooping: false,
    });
    setLink(socket, 'br0', { alias: 'ours' });
    expect(linkOf('br0')).toMatchObject({
      mtu: 1400,
      address: '02:42:00:00:00:01',
      ifalias: 'ours',
      linkinfo: {
        info_kind: 'bridge',
        info_data: { stp_state: 1, forward_delay: 400, ageing_time: 6000, mcast_snooping: 0 },
      },
    });
    expect(linkOf('br0')['flags']).toContain('UP');
    expect(getLink(socket, 'br0')).toMatchObject({
      name: 'br0',
      kind: 'bridge',
      isUp: true,
      mtu: 1400,
      mac: '02:42:00:00:00:01',
      alias: 'ours',
    });
  });

  test('a veth pair is two links, one of them a port', () => {
    createLink(socket, { kind: 'bridge', name: 'br0', isUp: true });
    const bridge = getLink(socket, 'br0')!;
    createLink(socket, {
      kind: 'veth',
      name: 'left',
      index: 40,
      master: bridge.index,
      isUp: true,
      peer: { name: 'right', index: 41, mac: '02:42:00:00:00:02', mtu: 1300 },
    });
    setLink(socket, 41, { isUp: true });
    setLink(socket, 'left', { bridgePort: { isolated: true, hairpin: true, learning: false } });
    expect(linkOf('left')).toMatchObject({
      ifindex: 40,
      link: 'right',
      master: 'br0',
      linkinfo: { info_slave_data: { isolated: true, hairpin: true, learning: false } },
    });
    expect(linkOf('right')).toMatchObject({ ifindex: 41, mtu: 1300, address: '02:42:00:00:00:02' });
    expect(getLink(socket, 40)).toMatchObject({
      name: 'left',
      parent: 41,
      master: bridge.index,
      hasCarrier: true,
      state: 'up',
    });
    setLink(socket, 40, { isUp: false, master: 0 });
    setLink(socket, 40, { name: 'renamed', mtu: 1280, txQueueLength: 7 });
    expect(linkOf('renamed')).toMatchObject({ ifindex: 40, mtu: 1280, txqlen: 7, operstate: 'DOWN' });
    expect(getLink(socket, 40)?.master).toBeUndefined();
    expect(deleteLink(socket, 'renamed')).toBe(true);
    expect(getLink(socket, 41)).toBeUndefined();
    expect(deleteLink(socket, 'renamed')).toBe(false);
  });

  test.each<[string, Partial<LinkSpec> & { kind: LinkSpec['kind'] }, object]>([
    ['macvlan', { kind: 'macvlan', mode: 'vepa' }, { info_kind: 'macvlan', info_data: { mode: 'vepa' } }],
    ['ipvlan', { kind: 'ipvlan', mode: 'l3' }, { info_kind: 'ipvlan', info_data: { mode: 'l3' } }],
    ['vlan', { kind: 'vlan', vlanId: 42 }, { info_kind: 'vlan', info_data: { id: 42 } }],
    [
      'vxlan',
      { kind: 'vxlan', id: 77, local: '10.0.0.1', remote: '239.1.1.1', learning: false },
      {
        info_kind: 'vxlan',
        info_data: { id: 77, local: '10.0.0.1', group: '239.1.1.1', port: 4789, learning: false },
      },
    ],
    ['dummy', { kind: 'dummy' }, { info_kind: 'dummy' }],
  ])('%s, where the kernel has it', (name, spec, info) => {
    createLink(socket, { kind: 'veth', name: 'p0', isUp: true, peer: { name: 'p1' } });
    const parent = getLink(socket, 'p0')!.index;
    const make = (): void => createLink(socket, { name, parent, ...spec } as LinkSpec);
    // The reference says whether the kernel has the kind.
    let known = true;
    try {
      execFileSync(
        'ip',
        [
          'link',
          'add',
          'probe',
          ...(name === 'vxlan' ? [] : ['link', 'p0']),
          'type',
          name,
          ...(name === 'vlan' ? ['id', '5'] : name === 'vxlan' ? ['id', '5', 'dstport', '9'] : []),
        ],
        { stdio: 'pipe' },
      );
      execFileSync('ip', ['link', 'del', 'probe']);
    } catch {
      known = false;
    }
    let made: unknown;
    try {
      make();
      made = linkOf(name)['linkinfo'];
    } catch (error) {
      made = String(error);
    }
    const refused = expect.stringContaining(`create ${name} ${name}: EOPNOTSUPP`);
    expect(made).toEqual(known ? partly(info) : refused);
  });

  test('links are made in, and moved to, another namespace', async () => {
    const other = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    const pid = other.pid!;
    const there = (): Record<string, unknown>[] =>
      JSON.parse(
        execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', '-j', 'link'], { encoding: 'utf8' }),
      );
    try {
      createLink(socket, {
        kind: 'veth',
        name: 'here',
        index: 77,
        peer: { name: 'there', index: 9, netns: { pid } },
      });
      expect(there()).toContainEqual(expect.objectContaining({ ifname: 'there', ifindex: 9 }));
      expect(getLink(socket, 'there')).toBeUndefined();
      expect(getLink(socket, 'here')).toMatchObject({ parent: 9, peerNetns: expect.any(Number) });

      createLink(socket, { kind: 'bridge', name: 'moving' });
      createLink(socket, { kind: 'veth', name: 'mover', peer: { name: 'stays' } });
      using netns = openat2(`/proc/${pid}/ns/net`, { flags: O.O_RDONLY });
      setLink(socket, getLink(socket, 'mover')!.index, { name: 'moved', netns: { fd: netns.fd } });
      expect(there()).toContainEqual(expect.objectContaining({ ifname: 'moved' }));
      expect(getLink(socket, 'mover')).toBeUndefined();
      // A bridge belongs to its namespace.
      expect(() => setLink(socket, 'moving', { netns: { fd: netns.fd } })).toThrow(
        /change link moving: EINVAL/,
      );
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
  });

  test('addresses of both families', () => {
    createLink(socket, { kind: 'bridge', name: 'br0', isUp: true });
    const { index } = getLink(socket, 'br0')!;
    addAddress(socket, index, { address: '172.30.1.5/20', broadcast: 'auto' });
    addAddress(socket, index, { address: 'fd00:1::5/64', skipDuplicateDetection: true });
    const reference = ip('addr', 'show', 'br0')[0]!['addr_info'];
    expect(reference).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          local: '172.30.1.5',
          prefixlen: 20,
          broadcast: '172.30.15.255',
          scope: 'global',
        }),
        expect.objectContaining({ local: 'fd00:1::5', prefixlen: 64, nodad: true }),
      ]),
    );
    expect(listAddresses(socket, index).map(({ address }) => address)).toEqual(
      expect.arrayContaining(['172.30.1.5/20', 'fd00:1::5/64']),
    );
    expect(() => addAddress(socket, index, '172.30.1.5/20')).toThrow('add address 172.30.1.5/20 to link');
    deleteAddress(socket, index, '172.30.1.5/20');
    expect(listAddresses(socket, index).some(({ family }) => family === AF.AF_INET)).toBe(false);
    expect(() => deleteAddress(socket, index, '172.30.1.5/20')).toThrow('EADDRNOTAVAIL');
    expect(listAddresses(socket, 9999)).toEqual([]);
  });

  test('routes of both families', () => {
    createLink(socket, { kind: 'veth', name: 'a', isUp: true, peer: { name: 'b' } });
    setLink(socket, 'b', { isUp: true });
    const { index } = getLink(socket, 'a')!;
    addAddress(socket, index, '10.9.0.2/24');
    addAddress(socket, index, { address: 'fd09::2/64', skipDuplicateDetection: true });
    addRoute(socket, { destination: 'default', gateway: '10.9.0.1' });
    addRoute(socket, { destination: 'default', gateway: 'fd09::1' });
    addRoute(socket, { destination: '10.20.0.0/16', gateway: '10.9.0.3', metric: 50, source: '10.9.0.2' });
    addRoute(socket, { destination: '10.30.0.0/16', link: index });
    addRoute(socket, { destination: '10.66.0.0/16', type: 'blackhole' });
    expect(ip('route')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ dst: 'default', gateway: '10.9.0.1', dev: 'a', protocol: 'static' }),
        expect.objectContaining({
          dst: '10.20.0.0/16',
          gateway: '10.9.0.3',
          metric: 50,
          prefsrc: '10.9.0.2',
        }),
        expect.objectContaining({ dst: '10.30.0.0/16', dev: 'a', scope: 'link' }),
        expect.objectContaining({ type: 'blackhole', dst: '10.66.0.0/16' }),
      ]),
    );
    expect(ip('-6', 'route')).toContainEqual(expect.objectContaining({ dst: 'default', gateway: 'fd09::1' }));
    const ours = listRoutes(socket, { table: 254 });
    expect(ours.filter(({ destination }) => destination === 'default').map(({ gateway }) => gateway)).toEqual(
      ['10.9.0.1', 'fd09::1'],
    );
    expect(routeTo(socket, '10.20.1.1')).toMatchObject({
      gateway: '10.9.0.3',
      link: index,
      source: '10.9.0.2',
    });
    expect(routeTo(socket, '10.66.1.1')).toBeUndefined();
    deleteRoute(socket, { destination: '10.20.0.0/16' });
    deleteRoute(socket, { destination: 'default', gateway: 'fd09::1' });
    expect(routeTo(socket, '10.20.1.1')?.gateway).toBe('10.9.0.1');
    expect(() => deleteRoute(socket, { destination: '10.20.0.0/16' })).toThrow('ESRCH');
    expect(() => addRoute(socket, { destination: '1.0.0.0/8', gateway: '99.0.0.1' })).toThrow('ENETUNREACH');
  });

  test('neighbours', () => {
    createLink(socket, { kind: 'bridge', name: 'br0', isUp: true });
    const { index } = getLink(socket, 'br0')!;
    setNeighbour(socket, { link: index, address: '10.1.1.1', mac: '02:00:00:00:00:01' });
    setNeighbour(socket, { link: index, address: '10.1.1.1', mac: '02:00:00:00:00:02' });
    setNeighbour(socket, { link: index, address: 'fd00::9', mac: '02:00:00:00:00:03' });
    expect(ip('neigh', 'show', 'dev', 'br0')).toContainEqual(
      expect.objectContaining({ dst: '10.1.1.1', lladdr: '02:00:00:00:00:02', state: ['PERMANENT'] }),
    );
    expect(listNeighbours(socket, index)).toContainEqual(
      expect.objectContaining({ address: 'fd00::9', mac: '02:00:00:00:00:03', state: 'permanent' }),
    );
    deleteNeighbour(socket, { link: index, address: '10.1.1.1' });
    expect(ip('neigh', 'show', 'dev', 'br0')).toHaveLength(1);
  });
});
