import { describe, expect, test } from 'vitest';

import { hostnameFile, hosts, parseExtraHost } from './hosts.js';
import { hostResolvConf, parseResolvConf, resolvConf } from './resolv-conf.js';

const HOST = `# a comment
domain old.example
nameserver 127.0.0.1
nameserver 10.0.0.53 ; inline
nameserver fd00::53
nameserver fe80::1%eth0
search corp.example lan
options ndots:2
options timeout:1 rotate
`;

describe('resolv.conf', () => {
  test('is read', () => {
    expect(parseResolvConf(HOST)).toEqual({
      nameservers: ['127.0.0.1', '10.0.0.53', 'fd00::53', 'fe80::1%eth0'],
      search: ['corp.example', 'lan'],
      options: ['ndots:2', 'timeout:1', 'rotate'],
    });
    expect(parseResolvConf('')).toEqual({ nameservers: [], search: [], options: [] });
  });

  test('leaves out what a container cannot reach', () => {
    const rest = 'search corp.example lan\noptions ndots:2 timeout:1 rotate\n';
    expect(resolvConf(HOST)).toBe(`nameserver 10.0.0.53\n${rest}`);
    expect(resolvConf(HOST, { ipv6: true })).toBe(`nameserver 10.0.0.53\nnameserver fd00::53\n${rest}`);
    expect(resolvConf(HOST, { isHostNetwork: true })).toContain('nameserver 127.0.0.1\n');
  });

  test('has public servers when none is left', () => {
    expect(resolvConf('nameserver 127.0.0.1\n')).toBe('nameserver 8.8.8.8\nnameserver 8.8.4.4\n');
    expect(resolvConf('', { ipv6: true })).toContain('nameserver 2001:4860:4860::8888\n');
  });

  test('has what was asked for', () => {
    const asked = { dns: ['127.0.0.9', '1.1.1.1'], dnsSearch: ['a.b'], dnsOptions: ['ndots:5'] };
    expect(resolvConf(HOST, asked)).toBe(
      'nameserver 127.0.0.9\nnameserver 1.1.1.1\nsearch a.b\noptions ndots:5\n',
    );
    expect(resolvConf(HOST, { dnsSearch: ['.'] })).not.toContain('search');
    expect(() => resolvConf(HOST, { dns: ['dns.example'] })).toThrow('dns: "dns.example" is no IP address');
    expect(() => resolvConf(HOST, { dnsSearch: ['a\nnameserver 6.6.6.6'] })).toThrow('is not one word');
  });

  test('is that behind systemd-resolved', () => {
    const files: Record<string, string> = {
      '/etc/resolv.conf': 'nameserver 127.0.0.53\noptions edns0\n',
      '/run/systemd/resolve/resolv.conf': 'nameserver 192.168.1.1\n',
    };
    expect(hostResolvConf((path) => files[path])).toBe('nameserver 192.168.1.1\n');
    const without = { '/etc/resolv.conf': files['/etc/resolv.conf'] } as typeof files;
    expect(hostResolvConf((path) => without[path])).toBe('nameserver 127.0.0.53\noptions edns0\n');
    expect(hostResolvConf((path) => (path === '/etc/resolv.conf' ? HOST : 'nameserver 9.9.9.9'))).toBe(HOST);
    expect(hostResolvConf(() => undefined)).toBe('');
  });
});

describe('hosts', () => {
  test('has localhost, others, links and itself', () => {
    expect(
      hosts({
        hostname: 'web',
        domainname: 'example.com',
        addresses: ['172.17.0.2', 'fd00::2'],
        extraHosts: ['db:10.0.0.5', 'six=[fd00::9]', 'seven:fd00::7', 'host.docker.internal:host-gateway'],
        hostGateway: ['172.17.0.1'],
        links: [{ address: '172.17.0.3', names: ['cache', '0123456789ab', 'redis'] }],
      }),
    ).toBe(`127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
10.0.0.5\tdb
fd00::9\tsix
fd00::7\tseven
172.17.0.1\thost.docker.internal
172.17.0.3\tcache 0123456789ab redis
172.17.0.2\tweb.example.com web
fd00::2\tweb.example.com web
`);
    expect(hosts({ hostname: 'x', ipv6: false })).toBe('127.0.0.1\tlocalhost\n');
  });

  test('refuses what would be another line', () => {
    for (const entry of ['db', 'db:', ':1.2.3.4', 'db:example.com', 'db:1.2.3']) {
      expect(() => parseExtraHost(entry), entry).toThrow('is not NAME:ADDRESS');
    }
    expect(() => hosts({ hostname: 'x', extraHosts: ['a\n6.6.6.6 b:1.2.3.4'] })).toThrow('is no host name');
    expect(() => hosts({ hostname: 'x', extraHosts: ['h:host-gateway'] })).toThrow(
      'host-gateway of h has no address',
    );
    expect(() => hosts({ hostname: 'a b', addresses: ['1.2.3.4'] })).toThrow('"a b" is no host name');
  });

  test('a host name is one line', () => {
    expect(hostnameFile('web')).toBe('web\n');
    for (const name of ['', 'a b', 'a\n', 'a/b', 'x'.repeat(65)]) {
      expect(() => hostnameFile(name)).toThrow('is no host name');
    }
  });
});
