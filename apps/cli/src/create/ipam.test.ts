import { describe, expect, it } from 'vitest';

import { ipamOf, type IpamFlags } from './ipam.js';

const of = (flags: Partial<IpamFlags>): ReturnType<typeof ipamOf> =>
  ipamOf({ subnets: [], ranges: [], gateways: [], others: {}, ...flags });

describe('ipamOf', () => {
  it('gives each subnet what is in it', () => {
    expect(of({})).toEqual([]);
    expect(
      of({
        subnets: ['10.1.0.0/16', 'fd00:1::/64', '10.2.0.0/16'],
        ranges: ['10.2.3.0/24'],
        gateways: ['fd00:1::fe', '10.1.0.254'],
        others: { one: '10.1.0.5', two: '10.1.0.6' },
      }),
    ).toEqual([
      {
        Subnet: '10.1.0.0/16',
        Gateway: '10.1.0.254',
        AuxiliaryAddresses: { one: '10.1.0.5', two: '10.1.0.6' },
      },
      { Subnet: 'fd00:1::/64', Gateway: 'fd00:1::fe' },
      { Subnet: '10.2.0.0/16', IPRange: '10.2.3.0/24' },
    ]);
  });

  it.each<[Partial<IpamFlags>, string]>([
    [{ gateways: ['10.0.0.1'] }, 'every ip-range or gateway must have a corresponding subnet'],
    [{ subnets: ['10.0.0.0/8', '10.1.0.0/16'] }, 'multiple overlapping subnet'],
    [{ subnets: ['10.1.0.0/16', '10.0.0.0/8'] }, 'multiple overlapping subnet'],
    [{ subnets: ['10.1.0.0/16'], ranges: ['10.2.0.0/24'] }, 'no matching subnet for range 10.2.0.0/24'],
    [{ subnets: ['10.1.0.0/16'], gateways: ['fd00::1'] }, 'no matching subnet for gateway fd00::1'],
    [{ subnets: ['10.1.0.0/16'], others: { a: '10.2.0.1' } }, 'no matching subnet for aux-address 10.2.0.1'],
    [
      { subnets: ['10.1.0.0/16', '10.2.0.0/16'], gateways: ['10.1.0.1', '10.1.0.2'] },
      'cannot configure multiple gateways (10.1.0.2, 10.1.0.1) for the same subnet (10.1.0.0/16)',
    ],
    [
      { subnets: ['10.1.0.0/16', '10.2.0.0/16'], ranges: ['10.1.1.0/24', '10.1.2.0/24'] },
      'cannot configure multiple ranges (10.1.2.0/24, 10.1.1.0/24) on the same subnet (10.1.0.0/16)',
    ],
    [{ subnets: ['10.1.0.0/33'] }, 'invalid CIDR address: 10.1.0.0/33'],
    [{ subnets: ['x'] }, 'invalid CIDR address: x'],
    [{ subnets: ['10.1.0.0/16/1'] }, 'invalid CIDR address'],
  ])('refuses %j', (flags, message) => {
    expect(() => of(flags)).toThrow(message);
  });
});
