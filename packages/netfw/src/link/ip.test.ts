import { describe, expect, test } from 'vitest';

import { formatIp, networkOf, parseIp, parsePrefix } from './ip.js';
import { macOfIpv4, parseMac } from './mac.js';

describe('addresses', () => {
  test.each([
    '0.0.0.0',
    '172.17.0.2',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fd00::1:0:0:1',
    '2001:db8::1',
    '1:2:3:4:5:6:7:8',
    '1:0:2:0:3:0:4:0',
    '1::',
    'a0::b0:0:c',
    '1:0:0:2::3',
  ])('%s is read and written', (text) => {
    expect(formatIp(parseIp(text).bytes)).toBe(text);
  });

  test('the forms of IPv6 are one address', () => {
    expect(formatIp(parseIp('2001:0DB8:0:0:0:0:0:1').bytes)).toBe('2001:db8::1');
    expect(parseIp('::ffff:10.1.2.3').bytes.slice(10)).toEqual(Uint8Array.of(255, 255, 10, 1, 2, 3));
  });

  test.each(['', '1.2.3', '1.2.3.256', '01.2.3.4', 'fe80::1%eth0', '1:2', 'x'])('%j is none', (text) => {
    expect(() => parseIp(text)).toThrow('ip address: ');
  });

  test('prefixes have a length that fits', () => {
    expect(parsePrefix('10.1.2.3/8').prefixLength).toBe(8);
    expect(parsePrefix('fd00::1').prefixLength).toBe(128);
    for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/-1']) {
      expect(() => parsePrefix(text), text).toThrow('has no prefix length');
    }
  });

  test('a network has no bits of the host', () => {
    const network = (text: string): string => formatIp(networkOf(parsePrefix(text)).bytes);
    expect(network('172.17.255.2/20')).toBe('172.17.240.0');
    expect(network('10.1.2.3/0')).toBe('0.0.0.0');
    expect(network('10.1.2.3/32')).toBe('10.1.2.3');
    expect(network('fd00:1:2:3:4::5/63')).toBe('fd00:1:2:2::');
  });

  test('a MAC is made of an IPv4 address', () => {
    expect(macOfIpv4(parseIp('172.17.0.2').bytes)).toBe('02:42:ac:11:00:02');
    expect([...parseMac('02-42-AC-11-00-02')]).toEqual([2, 66, 172, 17, 0, 2]);
    expect(() => parseMac('01:00:5e:00:00:01')).toThrow('is a multicast address');
    expect(() => parseMac('02:42')).toThrow('is no MAC address');
  });
});
