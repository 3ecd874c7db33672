import { describe, expect, it } from 'vitest';

import { exposedPorts, parseContainerPort, portRequests } from './port-requests.js';

describe('portRequests', () => {
  it('are in the order of their numbers, each of its own', () => {
    const PortBindings = {
      '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }, { HostPort: '8000-8010' }],
      '53/udp': [{ HostIp: '[::1]', HostPort: '' }],
      '22': null,
    };
    expect(portRequests({ PortBindings }, {})).toEqual([
      { port: 22, protocol: 'tcp', hostIp: '', hostPorts: undefined },
      { port: 53, protocol: 'udp', hostIp: '::1', hostPorts: undefined },
      { port: 80, protocol: 'tcp', hostIp: '127.0.0.1', hostPorts: [8080, 8080] },
      { port: 80, protocol: 'tcp', hostIp: '', hostPorts: [8000, 8010] },
    ]);
  });

  it('are all that is exposed, with -P', () => {
    const config = { ExposedPorts: { '80/tcp': {}, '443': {}, '5000-5001/udp': {} } };
    const host = { PublishAllPorts: true, PortBindings: { '80/tcp': [{ HostPort: '8080' }] } };
    expect(portRequests(host, config).map(({ port, hostPorts }) => [port, hostPorts?.[0]])).toEqual([
      [80, 8080],
      [443, undefined],
      [5000, undefined],
      [5001, undefined],
    ]);
    expect(portRequests({}, config)).toEqual([]);
  });

  it.each([
    [{ 'x/tcp': [] }, 'invalid port specification: "x/tcp"'],
    [{ '0/tcp': [] }, 'invalid port specification'],
    [{ '80/icmp': [] }, 'invalid port specification'],
    [{ '80/tcp': [{ HostPort: '65536' }] }, 'invalid host port: "65536"'],
    [{ '80/tcp': [{ HostPort: '9-8' }] }, 'invalid host port'],
    [{ '80/tcp': [{ HostIp: 'localhost' }] }, 'invalid IP address: localhost'],
  ])('refuses %j', (PortBindings, message) => {
    expect(() => portRequests({ PortBindings }, {})).toThrow(message);
  });
});

describe('exposedPorts', () => {
  it('reads ports and ranges', () => {
    expect(parseContainerPort('80/SCTP', 'x')).toEqual({ port: 80, protocol: 'sctp' });
    expect(exposedPorts({ ExposedPorts: null })).toEqual([]);
    expect(() => exposedPorts({ ExposedPorts: { '9-8': {} } })).toThrow('invalid port specification');
  });
});
