import { describe, expect, it } from 'vitest';

import { etcFiles } from './etc-files.js';

const HOST = {
  hosts: '127.0.0.1 localhost\n10.0.0.1 db',
  resolvConf: '# note\nnameserver 10.0.0.2\nsearch corp\noptions ndots:2\n',
};

describe('etcFiles', () => {
  it('are local names, and the name servers of the host', () => {
    const files = etcFiles('box', {}, HOST);
    expect(files.hostname).toBe('box\n');
    expect(files.hosts).toMatch(/^127\.0\.0\.1\tlocalhost\n/);
    expect(files.hosts).not.toContain('db');
    expect(files.resolvConf).toBe('nameserver 10.0.0.2\nsearch corp\noptions ndots:2\n');
  });

  it("are the host's with its network", () => {
    expect(etcFiles('m', { NetworkMode: 'host', ExtraHosts: ['a:1.2.3.4'] }, HOST).hosts).toBe(
      '127.0.0.1 localhost\n10.0.0.1 db\n1.2.3.4\ta\n',
    );
  });

  it('take hosts of both families', () => {
    const { hosts } = etcFiles('box', { ExtraHosts: ['a:1.2.3.4', 'b:::1', 'c=[fe80::1]'] }, HOST);
    expect(hosts.endsWith('1.2.3.4\ta\n::1\tb\nfe80::1\tc\n')).toBe(true);
  });

  it.each(['a', 'a:', ':1.2.3.4', 'a:1.2.3', 'a:host-gateway'])('refuse %s', (entry) => {
    expect(() => etcFiles('box', { ExtraHosts: [entry] }, HOST)).toThrow('HostConfig.ExtraHosts');
  });

  it('replace the lines of the host by kind', () => {
    expect(etcFiles('box', { Dns: ['9.9.9.9'] }, HOST).resolvConf).toBe(
      'nameserver 9.9.9.9\nsearch corp\noptions ndots:2\n',
    );
    expect(etcFiles('box', { DnsSearch: ['.'], DnsOptions: ['rotate'] }, HOST).resolvConf).toBe(
      'nameserver 10.0.0.2\noptions rotate\n',
    );
    expect(() => etcFiles('box', { Dns: ['x'] }, HOST)).toThrow("invalid IP address: 'x'");
  });

  it('say where the container is, and the containers that it is linked to', () => {
    const network = {
      domainname: 'example.com',
      addresses: ['172.17.0.3'],
      hostGateway: ['172.17.0.1'],
      links: [{ address: '172.17.0.2', names: ['db', '0123456789ab'] }],
      dns: ['9.9.9.9'],
    };
    const files = etcFiles('box', { ExtraHosts: ['up:host-gateway'] }, HOST, network);
    expect(files.hosts.split('\n').slice(-4)).toEqual([
      '172.17.0.1\tup',
      '172.17.0.2\tdb 0123456789ab',
      '172.17.0.3\tbox.example.com box',
      '',
    ]);
    expect(files.resolvConf).toContain('nameserver 9.9.9.9\n');
    // The user's own come before the daemon's.
    expect(etcFiles('box', { Dns: ['1.1.1.1'] }, HOST, network).resolvConf).not.toContain('9.9.9.9');
  });
});
