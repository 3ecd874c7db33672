import { describe, expect, it } from 'vitest';

import type { Values } from '../flags/flag.js';
import { parseFlags } from '../flags/parse.js';
import { createFlags, type CreateFlags } from './flags.js';
import { networkRequest, parseExpose, parsePublish } from './network.js';

const publication = (port: string, HostIp: string, HostPort: string): object => ({
  port,
  binding: { HostIp, HostPort },
});

describe('--publish', () => {
  it.each([
    ['80', [publication('80/tcp', '', '')]],
    ['8080:80', [publication('80/tcp', '', '8080')]],
    [':80', [publication('80/tcp', '', '')]],
    ['53:53/UDP', [publication('53/udp', '', '53')]],
    ['127.0.0.1:8080:80', [publication('80/tcp', '127.0.0.1', '8080')]],
    ['127.0.0.1::80', [publication('80/tcp', '127.0.0.1', '')]],
    ['[::1]:8080:80/sctp', [publication('80/sctp', '::1', '8080')]],
    ['[fd00::1]::80', [publication('80/tcp', 'fd00::1', '')]],
    ['8000-8010:80', [publication('80/tcp', '', '8000-8010')]],
    ['8000-8001:90-91', [publication('90/tcp', '', '8000'), publication('91/tcp', '', '8001')]],
    ['90-91', [publication('90/tcp', '', ''), publication('91/tcp', '', '')]],
    ['published=8080,target=80,protocol=udp', [publication('80/udp', '', '8080')]],
    ['target=80', [publication('80/tcp', '', '')]],
  ])('%s', (text, expected) => {
    expect(parsePublish(text)).toEqual(expected);
  });

  it.each([
    ['', 'invalid port specification'],
    ['0:80', 'invalid port specification'],
    ['80:65536', 'invalid port specification'],
    ['8080:80:', 'invalid'],
    ['8002-8001:80', 'invalid port specification'],
    ['8000-8002:90-91', 'invalid ranges specified'],
    ['localhost:8080:80', 'invalid IP address'],
    ['80/icmp', 'invalid protocol'],
    ['published=80', 'target is missing'],
    ['target=80,x=1', 'invalid field'],
  ])('refuses %j', (text, message) => {
    expect(() => parsePublish(text)).toThrow(message);
  });
});

describe('--expose', () => {
  it('takes ranges apart', () => {
    expect(parseExpose('80')).toEqual(['80/tcp']);
    expect(parseExpose('53-54/udp')).toEqual(['53/udp', '54/udp']);
    expect(() => parseExpose('80:80')).toThrow('invalid port format for --expose');
    expect(() => parseExpose('70000')).toThrow('invalid port specification');
  });
});

describe('networkRequest', () => {
  const request = (words: string): ReturnType<typeof networkRequest> =>
    networkRequest(parseFlags(createFlags, words.split(' '), false).values as Values<CreateFlags>);

  it('says nothing when nothing was said', () => {
    const { config, host, networking } = request('busybox');
    expect(Object.values(config).filter((one) => one !== undefined)).toEqual([{}]);
    expect(
      Object.values(host).flatMap((one) => (one === undefined ? [] : Object.keys(one as object))),
    ).toEqual([]);
    expect(networking).toBeUndefined();
  });

  it('has ports, names and addresses', () => {
    const words =
      '-p 8080:80 -p 127.0.0.1:8081:80 --expose 443 -P --dns 1.1.1.1 --dns-search lan --dns-option ndots:2 ' +
      '--add-host db=[fd00::2] --link web:www --mac-address 02-42-ac-11-00-64 --network blue --network red ' +
      '--ip 10.0.0.9 --ip6 fd00::9 --network-alias api busybox';
    expect(request(words)).toEqual({
      config: { ExposedPorts: { '443/tcp': {}, '80/tcp': {} }, MacAddress: '02:42:ac:11:00:64' },
      host: {
        NetworkMode: 'blue',
        PortBindings: {
          '80/tcp': [
            { HostIp: '', HostPort: '8080' },
            { HostIp: '127.0.0.1', HostPort: '8081' },
          ],
        },
        PublishAllPorts: true,
        Dns: ['1.1.1.1'],
        DnsSearch: ['lan'],
        DnsOptions: ['ndots:2'],
        ExtraHosts: ['db:fd00::2'],
        Links: ['web:www'],
      },
      networking: {
        EndpointsConfig: {
          blue: { IPAMConfig: { IPv4Address: '10.0.0.9', IPv6Address: 'fd00::9' }, Aliases: ['api'] },
          red: {},
        },
      },
    });
  });

  it.each([
    ['--ip fd00::1 x', 'invalid IPv4 address'],
    ['--ip6 10.0.0.1 x', 'invalid IPv6 address'],
    ['--dns google x', 'invalid IP address'],
    ['--add-host db x', 'bad format for add-host'],
    ['--link a:b:c x', 'bad format for links'],
    ['--mac-address 02:42 x', 'is not a valid mac address'],
  ])('refuses %s', (words, message) => {
    expect(() => request(words)).toThrow(message);
  });
});
