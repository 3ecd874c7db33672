import { describe, expect, test } from 'vitest';

import { AddressPool, allocateSubnet, checkSubnet, PortPool, uniqueLocalPool, usedSubnets } from './index.js';

const conflict = expect.objectContaining({ code: 'ERR_NS_CONFLICT' });
const invalid = expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT' });

describe('subnets', () => {
  test('are Docker’s default pools, without what the host routes', () => {
    expect(allocateSubnet([])).toBe('172.17.0.0/16');
    expect(allocateSubnet(['172.17.0.0/16', 'default', '172.18.3.4/32'])).toBe('172.19.0.0/16');
    expect(allocateSubnet(['172.16.0.0/12'])).toBe('192.168.0.0/20');
    expect(allocateSubnet(['172.16.0.0/12', '192.168.0.0/24', '192.168.20.1'])).toBe('192.168.32.0/20');
    expect(() => allocateSubnet(['172.16.0.0/12', '192.168.0.0/16'])).toThrow(conflict);
  });

  test('of a large pool of IPv6 are found behind what is used, at once', () => {
    const pool = uniqueLocalPool(Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a));
    expect(pool).toEqual({ base: 'fd12:3456:789a::/48', size: 64 });
    expect(allocateSubnet(['fd12:3456:789a::/50'], [pool])).toBe('fd12:3456:789a:4000::/64');
    expect(allocateSubnet(['fd00::/9'], [{ base: 'fd00::/8', size: 64 }])).toBe('fd80::/64');
  });

  test('that cannot be are refused', () => {
    expect(() => allocateSubnet([], [{ base: '10.0.0.0/24', size: 16 }])).toThrow(invalid);
    expect(() => allocateSubnet([], [{ base: '127.0.0.0/8', size: 16 }])).toThrow(conflict);
    expect(() => checkSubnet('10.1.0.0/16', ['10.0.0.0/8'])).toThrow(
      /10\.1\.0\.0\/16 overlaps with 10\.0\.0\.0\/8/,
    );
    expect(() => checkSubnet('10.1.0.0', [])).toThrow(invalid);
    expect(checkSubnet('10.1.0.0/16', ['11.0.0.0/8', 'fd00::/8'])).toBeUndefined();
  });

  test('in use are those of routes and addresses, but for what every link has', () => {
    const routes = ['default', '10.0.0.0/24', 'fe80::/64', 'ff00::/8', 'fd00::/64'].map((destination) => ({
      destination,
    }));
    expect(usedSubnets({ routes, addresses: [{ address: '10.9.0.1/24' }] })).toEqual([
      '10.0.0.0/24',
      'fd00::/64',
      '10.9.0.1/24',
    ]);
  });
});

describe('addresses', () => {
  test('go round, and skip the gateway and what is taken', () => {
    const pool = new AddressPool({ subnet: '10.0.0.0/29', used: ['10.0.0.3/29', '10.1.0.4', 'fd00::1'] });
    expect(pool.gateway).toBe('10.0.0.1');
    expect([pool.allocate(), pool.allocate()]).toEqual(['10.0.0.2', '10.0.0.4']);
    expect(pool.release('10.0.0.2')).toBe(true);
    expect([pool.allocate(), pool.allocate(), pool.allocate()]).toEqual(['10.0.0.5', '10.0.0.6', '10.0.0.2']);
    expect(() => pool.allocate()).toThrow(/all addresses from 10\.0\.0\.0 to 10\.0\.0\.7 are taken/);
    expect(pool.release('10.0.0.4')).toBe(true);
    expect(pool.allocate()).toBe('10.0.0.4');
  });

  test('that are named are given once, if they may be', () => {
    const pool = new AddressPool({ subnet: '10.0.0.0/24', range: '10.0.0.128/25', gateway: '10.0.0.254' });
    expect(pool.allocate('10.0.0.5')).toBe('10.0.0.5');
    expect(() => pool.allocate('10.0.0.5')).toThrow(conflict);
    for (const wrong of ['10.0.0.0', '10.0.0.255', '10.0.0.254', '10.0.1.1', 'fd00::1', 'x']) {
      expect(() => pool.allocate(wrong)).toThrow(invalid);
    }
    expect(pool.allocate()).toBe('10.0.0.128');
    expect(() => new AddressPool({ subnet: '10.0.0.0/24', range: '10.0.1.0/25' })).toThrow(invalid);
  });

  test('of IPv6 and of the smallest subnets', () => {
    expect(new AddressPool({ subnet: 'fd00::/64' }).allocate()).toBe('fd00::2');
    const two = new AddressPool({ subnet: '10.0.0.0/31' });
    expect([two.gateway, two.allocate()]).toEqual(['10.0.0.0', '10.0.0.1']);
    expect(() => two.allocate()).toThrow(conflict);
  });
});

describe('ports', () => {
  const ephemeral = { first: 100, last: 102 };

  test('go round in the ephemeral range, by protocol', () => {
    const ports = new PortPool({ ephemeral });
    expect([ports.allocate('tcp', '0.0.0.0'), ports.allocate('tcp', '0.0.0.0')]).toEqual([100, 101]);
    expect(ports.allocate('udp', '0.0.0.0')).toBe(100);
    expect(ports.release({ protocol: 'tcp', address: '0.0.0.0', port: 100 })).toBe(true);
    expect([ports.allocate('tcp', '0.0.0.0'), ports.allocate('tcp', '0.0.0.0')]).toEqual([102, 100]);
    expect(() => ports.allocate('tcp', '0.0.0.0')).toThrow(/all ports from 100 to 102\/tcp/);
  });

  test('of one address collide with those of all addresses', () => {
    const used = [{ protocol: 'tcp', address: '0.0.0.0', port: 80 } as const];
    const ports = new PortPool({ ephemeral, used });
    expect(() => ports.allocate('tcp', '127.0.0.1', 80)).toThrow(conflict);
    expect(ports.allocate('tcp', '::', 80)).toBe(80);
    expect([ports.allocate('tcp', '10.0.0.1', 81), ports.allocate('tcp', '10.0.0.2', 81)]).toEqual([81, 81]);
    expect(() => ports.allocate('tcp', '0.0.0.0', 81)).toThrow(conflict);
    expect(ports.allocate('tcp', '10.0.0.1', { first: 80, last: 90 })).toBe(82);
  });

  test('that a process has are skipped, and wrong ones refused', () => {
    const ports = new PortPool({ ephemeral, isTaken: ({ port }) => port === 100 });
    expect(ports.allocate('tcp', '0.0.0.0')).toBe(101);
    expect(() => ports.allocate('tcp', '0.0.0.0', 100)).toThrow(conflict);
    expect(() => ports.allocate('tcp', '0.0.0.0', 0)).toThrow(invalid);
    expect(() => ports.allocate('tcp', '0.0.0.0', { first: 9, last: 8 })).toThrow(invalid);
    expect(() => ports.allocate('tcp', 'x', 1)).toThrow(invalid);
  });
});
