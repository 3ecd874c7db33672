import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

import { needs } from '@ns/testing';
import { CLONE, syscall } from '@ns/syscall';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import {
  type FirewallPolicy,
  type NetlinkSocket,
  openNftables,
  type PublishedPort,
  repairFirewall,
} from '../src/index.js';
import { Agent } from './traffic-agent.js';

const ip = (words: string): void => void execFileSync('ip', words.split(' '));
const nft = (...args: string[]): string => execFileSync('nft', args, { encoding: 'utf8' });
const sysctl = (path: string, value: string): void => writeFileSync(`/proc/sys/net/${path}`, value);
const tcp = (hostIp: string, hostPort: number, containerIp: string): PublishedPort => ({
  protocol: 'tcp',
  hostIp,
  hostPort,
  containerIp,
  containerPort: 80,
});

/** Two networks and one that is internal; `a` and `a2` are in one. */
const POLICY: FirewallPolicy = {
  networks: [
    { bridge: 'br0', subnets: ['10.1.0.0/24', 'fd00:1::/64'] },
    { bridge: 'br1', subnets: ['10.2.0.0/24'] },
    { bridge: 'br2', subnets: ['10.3.0.0/24'], internal: true },
  ],
  ports: [
    tcp('0.0.0.0', 8080, '10.1.0.2'),
    { ...tcp('0.0.0.0', 8080, '10.1.0.2'), protocol: 'udp' },
    tcp('127.0.0.1', 8081, '10.1.0.2'),
    tcp('192.0.2.1', 8082, '10.2.0.2'),
    tcp('::', 8080, 'fd00:1::2'),
  ],
};

describe('packets and the firewall', needs('linux', 'root', 'ip', 'nft'), () => {
  let socket: NetlinkSocket;
  let [a, a2, b, inner, outside]: Agent[] = [];
  const agents: Agent[] = [];

  /** A veth pair: one end on a bridge of the host, the other the agent's `eth0`. */
  function attach(
    agent: Agent,
    port: string,
    bridge: string | undefined,
    addresses: string[],
    gateway: string[],
  ): void {
    ip(`link add ${port} type veth peer name eth0 netns ${agent.pid}`);
    if (bridge !== undefined) ip(`link set ${port} master ${bridge}`);
    // With br_netfilter, what a container sends to its own published port goes back through its own bridge port.
    if (bridge !== undefined) ip(`link set ${port} type bridge_slave hairpin on`);
    ip(`link set ${port} up`);
    for (const address of addresses)
      agent.ip(`addr add ${address} dev eth0 ${address.includes(':') ? 'nodad' : ''}`.trim());
    agent.ip('link set eth0 up');
    for (const each of gateway) agent.ip(`route add default via ${each}`);
  }

  beforeAll(async () => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
    ip('link set lo up');
    sysctl('ipv4/ip_forward', '1');
    sysctl('ipv6/conf/all/forwarding', '1');
    for (const [bridge, ...addresses] of [
      ['br0', '10.1.0.1/24', 'fd00:1::1/64'],
      ['br1', '10.2.0.1/24'],
      ['br2', '10.3.0.1/24'],
    ]) {
      ip(`link add ${bridge} type bridge`);
      for (const each of addresses) ip(`addr add ${each} dev ${bridge}${each.includes(':') ? ' nodad' : ''}`);
      ip(`link set ${bridge} up`);
      sysctl(`ipv4/conf/${bridge}/route_localnet`, '1');
    }
    for (let index = 0; index < 5; index++) agents.push(await Agent.start());
    [a, a2, b, inner, outside] = agents as [Agent, Agent, Agent, Agent, Agent];
    attach(a, 'va', 'br0', ['10.1.0.2/24', 'fd00:1::2/64'], ['10.1.0.1', 'fd00:1::1']);
    attach(a2, 'va2', 'br0', ['10.1.0.3/24', 'fd00:1::3/64'], ['10.1.0.1', 'fd00:1::1']);
    attach(b, 'vb', 'br1', ['10.2.0.2/24'], ['10.2.0.1']);
    attach(inner, 'vi', 'br2', ['10.3.0.2/24'], ['10.3.0.1']);
    attach(outside, 'uplink', undefined, ['192.0.2.2/24', 'fd00:9::2/64'], []);
    ip('addr add 192.0.2.1/24 dev uplink');
    ip('addr add fd00:9::1/64 dev uplink nodad');
    // Another machine on the link that knows, or guesses, what is behind the host.
    outside.ip('route add 10.0.0.0/8 via 192.0.2.1');
    outside.ip('route add fd00:1::/64 via fd00:9::1');
    await Promise.all([
      a.serve('a', 80),
      a.serve('a', 80, 'udp', '0.0.0.0'),
      a.serve('a secret', 81),
      b.serve('b', 80),
      inner.serve('inner', 80),
      outside.serve('outside', 80),
    ]);
    socket = openNftables();
  }, 30_000);
  afterAll(async () => {
    socket?.close();
    await Promise.all(agents.map((agent) => agent.stop()));
  });
  beforeEach(() => void repairFirewall(socket, POLICY));

  test('another machine reaches published ports, and sees no container otherwise', async () => {
    expect(await outside!.call({ address: '192.0.2.1', port: 8080 })).toBe('a 192.0.2.2');
    expect(await outside!.call({ address: '192.0.2.1', port: 8080, protocol: 'udp' })).toBe('a 192.0.2.2');
    expect(await outside!.call({ address: 'fd00:9::1', port: 8080 })).toBe('a fd00:9::2');
    expect(await outside!.call({ address: '192.0.2.1', port: 8082 })).toBe('b 192.0.2.2');
    // By route, past the published port: neither what is published nor what is not.
    expect(await outside!.call({ address: '10.1.0.2', port: 80 })).toBe('timeout');
    expect(await outside!.call({ address: '10.1.0.2', port: 81 })).toBe('timeout');
    expect(await outside!.call({ address: 'fd00:1::2', port: 80 })).toBe('timeout');
  });

  test('containers leave by the address of the host', async () => {
    expect(await a!.call({ address: '192.0.2.2', port: 80 })).toBe('outside 192.0.2.1');
    expect(await a!.call({ address: 'fd00:9::2', port: 80 })).toBe('outside fd00:9::1');
    repairFirewall(socket, {
      ...POLICY,
      networks: POLICY.networks.map((each) => ({ ...each, masquerade: false })),
    });
    expect(await a!.call({ address: '192.0.2.2', port: 80 })).toBe('outside 10.1.0.2');
  });

  test('hairpin: a container reaches published ports of itself, its network and another', async () => {
    expect(await a!.call({ address: '192.0.2.1', port: 8080 })).toBe('a 10.1.0.1');
    expect(await a2!.call({ address: '192.0.2.1', port: 8080 })).toBe('a 10.1.0.1');
    expect(await a2!.call({ address: '192.0.2.1', port: 8082 })).toBe('b 10.1.0.3');
    expect(await b!.call({ address: '10.2.0.1', port: 8080 })).toBe('a 10.2.0.2');
  });

  test('networks are isolated from one another, and containers of one are not', async () => {
    expect(await a2!.call({ address: '10.1.0.2', port: 81 })).toBe('a secret 10.1.0.3');
    expect(await b!.call({ address: '10.1.0.2', port: 80 })).toBe('timeout');
    expect(await b!.call({ address: '10.1.0.2', port: 81 })).toBe('timeout');
  });

  test('icc=false: what is routed within the network is dropped', async () => {
    // Past the bridge, by way of the host: the frames between isolated ports are the bridge's matter.
    a2!.ip('route add 10.1.0.2/32 via 10.1.0.1');
    sysctl('ipv4/conf/br0/send_redirects', '0');
    expect(await a2!.call({ address: '10.1.0.2', port: 81 })).toBe('a secret 10.1.0.3');
    repairFirewall(socket, { ...POLICY, networks: POLICY.networks.map((each) => ({ ...each, icc: false })) });
    expect(await a2!.call({ address: '10.1.0.2', port: 81 })).toBe('timeout');
    // A published port is reached all the same.
    expect(await a2!.call({ address: '192.0.2.1', port: 8080 })).toBe('a 10.1.0.1');
    a2!.ip('route del 10.1.0.2/32');
  });

  test('nothing enters or leaves an internal network', async () => {
    expect(await inner!.call({ address: '192.0.2.2', port: 80 })).toBe('timeout');
    expect(await inner!.call({ address: '192.0.2.1', port: 8080 })).toBe('timeout');
    expect(await a!.call({ address: '10.3.0.2', port: 80 })).toBe('timeout');
    expect(await outside!.call({ address: '10.3.0.2', port: 80 })).toBe('timeout');
  });

  test('a port on 127.0.0.1 is for this machine alone', async () => {
    const host = new HostCaller();
    expect(await host.call('127.0.0.1', 8081)).toBe('a 10.1.0.1');
    expect(await host.call('127.0.0.1', 8080)).toBe('a 10.1.0.1');
    expect(await outside!.call({ address: '192.0.2.1', port: 8081 })).not.toMatch(/^a /);
    // The attack: packets to 127.0.0.1 sent to the host's link address, with the kernel's own check off everywhere.
    sysctl('ipv4/conf/all/route_localnet', '1');
    for (const [attacker, gateway] of [
      [outside!, '192.0.2.1'],
      [b!, '10.2.0.1'],
    ] as const) {
      attacker.run('sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1');
      attacker.ip('route del local 127.0.0.1 dev lo table local');
      attacker.ip('route del local 127.0.0.0/8 dev lo table local');
      attacker.ip(`route add 127.0.0.1/32 via ${gateway}`);
      expect(await attacker.call({ address: '127.0.0.1', port: 8081 })).toBe('timeout');
      expect(await attacker.call({ address: '127.0.0.1', port: 8080 })).toBe('timeout');
    }
    // What the kernel tracks shows a container that was reached; the attacker cannot take an answer of 127.0.0.1.
    const reached = (): string[] =>
      readFileSync('/proc/net/nf_conntrack', 'utf8')
        .split('\n')
        .filter((line) => /src=(192\.0\.2\.2|10\.2\.0\.2) dst=127\.0\.0\.1 .*src=10\.1\.0\.2/.test(line));
    expect(reached()).toEqual([]);
    // It is an attack: without the guard it succeeds, and the repair ends it.
    nft('flush', 'chain', 'inet', 'ns', 'guard');
    await outside!.call({ address: '127.0.0.1', port: 8081 });
    await b!.call({ address: '127.0.0.1', port: 8081 });
    expect(reached()).toHaveLength(2);
    expect(repairFirewall(socket, POLICY)).toEqual([{ kind: 'rules', name: 'guard', fact: 'changed' }]);
    await outside!.call({ address: '127.0.0.1', port: 8080 });
    expect(reached()).toHaveLength(2);
  });

  test('the user’s chain comes first, and the repair leaves it alone', async () => {
    nft('add', 'rule', 'inet', 'ns', 'user', 'ip', 'saddr', '192.0.2.2', 'drop');
    expect(await outside!.call({ address: '192.0.2.1', port: 8080 })).toBe('timeout');
    expect(repairFirewall(socket, POLICY)).toEqual([]);
    expect(nft('list', 'chain', 'inet', 'ns', 'user')).toContain('ip saddr 192.0.2.2 drop');
    nft('flush', 'chain', 'inet', 'ns', 'user');
    expect(await outside!.call({ address: '192.0.2.1', port: 8080 })).toBe('a 192.0.2.2');
  });
});

/** Calls from the host, which is this process. */
class HostCaller {
  async call(address: string, port: number): Promise<string> {
    const { connect } = await import('node:net');
    return new Promise((resolve) => {
      const socket = connect({ host: address, port });
      let text = '';
      const timer = setTimeout(() => {
        socket.destroy();
        resolve('timeout');
      }, 700);
      socket.on('error', (error) => resolve(error.message));
      socket.on('data', (data) => (text += data.toString()));
      socket.on('close', () => {
        clearTimeout(timer);
        resolve(text);
      });
    });
  }
}
