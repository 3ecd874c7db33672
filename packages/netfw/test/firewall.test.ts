import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

import { needs } from '@ns/testing';
import { CLONE, syscall } from '@ns/syscall';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

import {
  addTable,
  type FirewallPolicy,
  isPortTaken,
  type NetlinkSocket,
  openNftables,
  type PublishedPort,
  publishPorts,
  readGeneration,
  readTable,
  removeFirewall,
  repairFirewall,
  transact,
  unpublishPorts,
} from '../src/index.js';

const nft = (...args: string[]): string => execFileSync('nft', args, { encoding: 'utf8' });
const port = (hostPort: number, rest: Partial<PublishedPort> = {}): PublishedPort => ({
  protocol: 'tcp',
  hostIp: '0.0.0.0',
  hostPort,
  containerIp: '172.17.0.2',
  containerPort: 80,
  ...rest,
});
const POLICY: FirewallPolicy = {
  networks: [{ bridge: 'br0', subnets: ['172.17.0.0/16', 'fd00::/64'] }],
  ports: [port(80)],
};
const NAME = { family: 'inet', table: 'ns' } as const;

describe('the firewall', needs('linux', 'root', 'nft', 'ip'), () => {
  let socket: NetlinkSocket;
  beforeAll(() => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
    socket = openNftables();
    return () => socket.close();
  });
  afterEach(() => void nft('flush', 'ruleset'));

  test('is made once, and nothing is sent when nothing differs', () => {
    expect(repairFirewall(socket, POLICY)).toEqual([{ kind: 'table', name: 'ns', fact: 'missing' }]);
    const generation = readGeneration(socket);
    expect(repairFirewall(socket, POLICY)).toEqual([]);
    expect(readGeneration(socket)).toBe(generation);
  });

  test.each([
    ['flush ruleset', [{ kind: 'table', name: 'ns', fact: 'missing' }]],
    ['flush chain inet ns forward', [{ kind: 'rules', name: 'forward', fact: 'changed' }]],
    ['insert rule inet ns publish accept', [{ kind: 'rules', name: 'publish', fact: 'changed' }]],
    [
      'flush map inet ns publish4_any',
      [{ kind: 'elements', name: 'publish4_any', fact: '1 missing, 0 too many' }],
    ],
    [
      'add element inet ns publish4_any { udp . 9 : 1.2.3.4 . 9 }',
      [{ kind: 'elements', name: 'publish4_any', fact: '0 missing, 1 too many' }],
    ],
    [
      'add element inet ns masquerade4 { 10.0.0.0/8 }',
      [{ kind: 'elements', name: 'masquerade4', fact: '0 missing, 1 too many' }],
    ],
    ['flush set inet ns hairpin6', [{ kind: 'elements', name: 'hairpin6', fact: '1 missing, 0 too many' }]],
    [
      'delete chain inet ns guard; add chain inet ns guard { type filter hook prerouting priority 7 ; }',
      [{ kind: 'chain', name: 'guard', fact: 'has another hook' }],
    ],
  ])('is repaired after: %s', (command, differences) => {
    repairFirewall(socket, POLICY);
    const before = nft('list', 'ruleset');
    nft(...(command.startsWith('delete') ? ['flush', 'chain', 'inet', 'ns', 'guard'] : ['list', 'tables']));
    nft(command);
    expect(nft('list', 'ruleset')).not.toBe(before);
    expect(repairFirewall(socket, POLICY)).toEqual(differences);
    expect(repairFirewall(socket, POLICY)).toEqual([]);
    expect(sorted(nft('list', 'ruleset'))).toEqual(sorted(before));
  });

  test('a set of another type is made anew, with the rules that use it', () => {
    nft(
      'add table inet ns; add chain inet ns publish; add map inet ns publish4_any { type inet_service : ipv4_addr ; }',
    );
    const differences = repairFirewall(socket, POLICY);
    expect(differences).toContainEqual({ kind: 'set', name: 'publish4_any', fact: 'has another type' });
    expect(repairFirewall(socket, POLICY)).toEqual([]);
  });

  test('networks come and go, neighbours in the range of addresses too', () => {
    const networks = ['10.0.0.0/16', '10.1.0.0/16', '10.2.0.0/16', '255.255.0.0/16'].map((subnet, index) => ({
      bridge: `br${index}`,
      subnets: [subnet, `fd00:${index}::/64`],
    }));
    for (const some of [networks, [networks[0]!, networks[2]!], networks, [networks[1]!, networks[3]!], []]) {
      repairFirewall(socket, { networks: some, ports: [] });
      expect(repairFirewall(socket, { networks: some, ports: [] })).toEqual([]);
      for (const { bridge, subnets } of networks) {
        const isThere = some.some((each) => each.bridge === bridge);
        expect(nft('list', 'set', 'inet', 'ns', 'masquerade4').includes(subnets[0]!)).toBe(isThere);
        expect(nft('list', 'set', 'inet', 'ns', 'hairpin6').includes(`"${bridge}"`)).toBe(isThere);
      }
    }
    const overlapping = [networks[0]!, { bridge: 'other', subnets: ['10.0.0.0/8'] }];
    expect(() => repairFirewall(socket, { networks: overlapping, ports: [] })).toThrow(
      /10\.0\.0\.0\/8 of other overlaps/,
    );
  });

  test('ports are published and not, all or none', () => {
    repairFirewall(socket, POLICY);
    publishPorts(socket, [port(81), port(81, { hostIp: 'fd00::9', containerIp: 'fd00::2' })]);
    const published = nft('list', 'ruleset');
    expect(published).toContain('tcp . 81 : 172.17.0.2 . 80');
    expect(published).toContain('fd00::9 . tcp . 81 : fd00::2 . 80');
    expect(() => publishPorts(socket, [port(82), port(81)])).toThrow(
      /publish port 81\/tcp on 0\.0\.0\.0 in table|publish port 81\/tcp on 0\.0\.0\.0: EEXIST/,
    );
    expect(nft('list', 'ruleset')).toBe(published);
    unpublishPorts(socket, [port(81), port(81, { hostIp: 'fd00::9', containerIp: 'fd00::2' })]);
    expect(repairFirewall(socket, POLICY)).toEqual([]);
    expect(() => unpublishPorts(socket, [port(81)])).toThrow(/ENOENT/);
    nft('flush', 'ruleset');
    expect(() => publishPorts(socket, [port(83)])).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  test('what rules cannot publish is refused, before anything is sent', () => {
    const invalid = expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT' });
    for (const wrong of [
      port(0),
      port(80, { containerPort: 70_000 }),
      port(80, { hostIp: '::1', containerIp: 'fd00::2' }),
      port(80, { hostIp: '::' }),
      port(80, { hostIp: 'localhost' }),
    ]) {
      expect(() => publishPorts(socket, [wrong])).toThrow(invalid);
      expect(() => repairFirewall(socket, { ...POLICY, ports: [wrong] })).toThrow(invalid);
    }
    expect(() => repairFirewall(socket, { ...POLICY, ports: [port(80), port(80)] })).toThrow(
      /published twice/,
    );
    expect(nft('list', 'ruleset')).toBe('');
  });

  test('thousands of ports are one change, and read back', () => {
    const ports = Array.from({ length: 3000 }, (_, index) =>
      port(1000 + index, { comment: `container ${index}` }),
    );
    repairFirewall(socket, { ...POLICY, ports });
    expect(repairFirewall(socket, { ...POLICY, ports })).toEqual([]);
    const map = readTable(socket, NAME)?.sets.find(({ name }) => name === 'publish4_any');
    expect(map?.elements).toHaveLength(3000);
  });

  test('a change that was decided on old rules is refused', () => {
    const generation = readGeneration(socket);
    nft('add', 'table', 'inet', 'other');
    expect(() =>
      transact(socket, 'change', [addTable({ family: 'inet', table: 'late' })], generation),
    ).toThrow(/ERESTART/);
  });

  test('goes, but for a chain of the user that has rules; other tables stay', () => {
    nft('add', 'table', 'inet', 'other');
    repairFirewall(socket, POLICY);
    nft('add', 'rule', 'inet', 'ns', 'user', 'counter');
    removeFirewall(socket);
    expect(readTable(socket, NAME)?.chains.map(({ name }) => name)).toEqual(['user']);
    repairFirewall(socket, POLICY);
    expect(nft('list', 'chain', 'inet', 'ns', 'user')).toContain('counter');
    nft('flush', 'chain', 'inet', 'ns', 'user');
    removeFirewall(socket);
    removeFirewall(socket);
    expect(nft('list', 'tables')).toBe('table inet other\n');
  });

  test('a port that a process listens on is taken, by protocol and address', async () => {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const number = typeof address === 'object' ? address!.port : 0;
    expect(isPortTaken({ protocol: 'tcp', address: '127.0.0.1', port: number })).toBe(true);
    expect(isPortTaken({ protocol: 'tcp', address: '0.0.0.0', port: number })).toBe(true);
    expect(isPortTaken({ protocol: 'tcp', address: '127.0.0.2', port: number })).toBe(false);
    expect(isPortTaken({ protocol: 'tcp', address: '::', port: number })).toBe(false);
    expect(isPortTaken({ protocol: 'udp', address: '127.0.0.1', port: number })).toBe(false);
    expect(() => isPortTaken({ protocol: 'tcp', address: '192.0.2.9', port: number })).toThrow(
      /EADDRNOTAVAIL/,
    );
    server.close();
    await once(server, 'close');
    expect(isPortTaken({ protocol: 'tcp', address: '127.0.0.1', port: number })).toBe(false);
  });
});

/** Chains that were made anew are listed last. */
const sorted = (listed: string): string[] => listed.split('\n').toSorted();
