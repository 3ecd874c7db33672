import { describe, expect, it } from 'vitest';

import { checkNetworking, networkWarnings } from './check.js';
import { parseLink } from './links.js';
import { parseMode } from './network.js';

describe('parseMode', () => {
  it.each([
    [undefined, { kind: 'network', name: 'bridge' }],
    ['', { kind: 'network', name: 'bridge' }],
    ['default', { kind: 'network', name: 'bridge' }],
    ['blue', { kind: 'network', name: 'blue' }],
    ['none', { kind: 'none' }],
    ['host', { kind: 'host' }],
    ['container:web', { kind: 'container', reference: 'web' }],
  ])('%j', (text, mode) => {
    expect(parseMode(text, true)).toEqual(mode);
  });

  it('has no default network without a bridge', () => {
    expect(parseMode('default', false)).toEqual({ kind: 'none' });
    expect(parseMode('bridge', false)).toEqual({ kind: 'none' });
    expect(parseMode('blue', false)).toEqual({ kind: 'network', name: 'blue' });
  });
});

describe('checkNetworking', () => {
  it('has the MAC address of the older form at the main network', () => {
    expect(checkNetworking({ MacAddress: '02:42:00:00:00:01' }, true)).toEqual({
      bridge: { MacAddress: '02:42:00:00:00:01' },
    });
    const NetworkingConfig = { EndpointsConfig: { blue: { IPAMConfig: { IPv4Address: '10.0.0.9' } } } };
    const request = {
      MacAddress: '02:42:00:00:00:01',
      NetworkingConfig,
      HostConfig: { NetworkMode: 'blue' },
    };
    expect(checkNetworking(request, true)).toEqual({
      blue: { MacAddress: '02:42:00:00:00:01', IPAMConfig: { IPv4Address: '10.0.0.9' } },
    });
    expect(checkNetworking({ HostConfig: { NetworkMode: 'none' }, NetworkingConfig }, true)).toEqual({});
  });

  const shared = { NetworkMode: 'container:x' };
  it.each([
    [{ Hostname: 'a', HostConfig: shared }, 'hostname and the network mode'],
    [{ HostConfig: { ...shared, Dns: ['1.1.1.1'] } }, 'dns and the network mode'],
    [{ HostConfig: { ...shared, ExtraHosts: ['a:1.1.1.1'] } }, 'custom host-to-IP mapping'],
    [{ HostConfig: { ...shared, PublishAllPorts: true } }, 'port publishing'],
    [{ HostConfig: { ...shared, PortBindings: { '80/tcp': [] } } }, 'port publishing'],
    [{ HostConfig: shared, ExposedPorts: { '80/tcp': {} } }, 'port exposing'],
    [{ HostConfig: shared, MacAddress: '02:42:00:00:00:01' }, 'mac-address'],
    [{ HostConfig: { ...shared, Links: ['a'] } }, "can't be used with links"],
    [{ HostConfig: { NetworkMode: 'host', Links: ['a'] } }, "can't be used with links"],
  ])('refuses %j', (request, message) => {
    expect(() => checkNetworking(request, true)).toThrow(`conflicting options: `);
    expect(() => checkNetworking(request, true)).toThrow(message);
  });

  it.each([
    [{ MacAddress: '01:00:5e:00:00:01' }, 'multicast'],
    [
      { NetworkingConfig: { EndpointsConfig: { a: { IPAMConfig: { IPv4Address: 'fd00::1' } } } } },
      'invalid IPv4',
    ],
    [
      { NetworkingConfig: { EndpointsConfig: { a: { IPAMConfig: { IPv6Address: '1.1.1.1' } } } } },
      'invalid IPv6',
    ],
    [{ HostConfig: { Links: ['a:b:c'] } }, 'bad format for links'],
    [{ HostConfig: { PortBindings: { 'x/tcp': [] } } }, 'invalid port specification'],
    [{ ExposedPorts: { x: {} } }, 'invalid port specification'],
  ])('refuses the value in %j', (request, message) => {
    expect(() => checkNetworking(request, true)).toThrow(message);
  });

  it('warns of ports that are not published', () => {
    const PortBindings = { '80/tcp': [] };
    expect(networkWarnings({ PortBindings, NetworkMode: 'host' }, true)[0]).toContain('host network mode');
    expect(networkWarnings({ PortBindings }, false)[0]).toContain('no network');
    expect(networkWarnings({ PortBindings }, true)).toEqual([]);
  });
});

describe('parseLink', () => {
  it('reads what users and what Docker write', () => {
    expect(parseLink('db')).toEqual({ reference: 'db', alias: 'db' });
    expect(parseLink('db:sql')).toEqual({ reference: 'db', alias: 'sql' });
    expect(parseLink('/db:/web/sql')).toEqual({ reference: 'db', alias: 'sql' });
    expect(() => parseLink('db:a b')).toThrow('bad format for links');
  });
});
