import { describe, expect, it } from 'vitest';

import type { Network } from './network.js';
import { Pools } from './pools.js';
import { subnetOf } from './subnets.js';

const network = (...subnets: string[]): Network => ({
  id: 'n',
  name: 'n',
  bridge: 'br-n',
  subnets: subnets.map((subnet) => subnetOf(subnet)),
  created: '',
  internal: false,
  icc: true,
  masquerade: true,
  mtu: 0,
  hostIp: '',
  attachable: false,
  labels: {},
  options: {},
});

describe('Pools', () => {
  it('gives an address of each subnet, and not that of the gateway', () => {
    const both = network('10.0.0.9/24', 'fd00::/64');
    const pools = new Pools();
    expect(both.subnets[0]).toEqual({ subnet: '10.0.0.0/24', gateway: '10.0.0.1' });
    expect(pools.allocate(both, {})).toEqual(['10.0.0.2/24', 'fd00::2/64']);
    expect(pools.allocate(both, { ipv4: '10.0.0.77' })).toEqual(['10.0.0.77/24', 'fd00::3/64']);
  });

  it('takes nothing when it cannot take all', () => {
    const both = network('10.0.0.0/30', 'fd00::/64');
    const pools = new Pools();
    expect(() => pools.allocate(both, { ipv6: '10.0.0.2' })).toThrow('10.0.0.2');
    expect(pools.allocate(both, {})[0]).toBe('10.0.0.2/30');
    expect(() => pools.allocate(both, {})).toThrow('are taken');
    pools.release(both, ['10.0.0.2/30', 'fd00::2/64']);
    expect(pools.allocate(both, {})[0]).toBe('10.0.0.2/30');
  });

  it('knows of addresses that containers have already', () => {
    const one = network('10.0.0.0/24');
    const pools = new Pools();
    pools.claim(one, { addresses: ['10.0.0.2/24'] });
    pools.claim(one, { addresses: ['10.0.0.2/24'] });
    expect(pools.allocate(one, {})).toEqual(['10.0.0.3/24']);
    expect(() => pools.allocate(one, { ipv4: '10.0.0.2' })).toThrow('is taken');
  });
});
