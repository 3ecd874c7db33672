import { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { DEFAULT_NETWORK } from './config.js';
import { addNetworkFlags, networkConfig, type NetworkFlags, parseUlimits } from './flags.js';

const config = (words: string): ReturnType<typeof networkConfig> =>
  networkConfig(
    addNetworkFlags(new Command().exitOverride())
      .parse(words === '' ? [] : words.split(' '), { from: 'user' })
      .opts<NetworkFlags>(),
  );

describe('the flags of networks', () => {
  it('have defaults', () => {
    expect(config('')).toEqual(DEFAULT_NETWORK);
  });

  it('are read', () => {
    const words =
      '--bip 10.9.0.1/16 --fixed-cidr 10.9.1.0/24 --mtu 1400 --icc=false --ip 127.0.0.1 --iptables=false --ip-forward=0 ' +
      '--ip-masq=F --userland-proxy=false --dns 1.1.1.1 --dns ::1 --dns-search lan --dns-opt ndots:2';
    expect(config(words)).toEqual({
      bridge: 'ns0',
      isBridgeGiven: false,
      bip: '10.9.0.1/16',
      fixedCidr: '10.9.1.0/24',
      mtu: 1400,
      icc: false,
      hostIp: '127.0.0.1',
      iptables: false,
      ipForward: false,
      ipMasq: false,
      userlandProxy: false,
      dns: ['1.1.1.1', '::1'],
      dnsSearch: ['lan'],
      dnsOptions: ['ndots:2'],
    });
    expect(config('-b br0')).toMatchObject({ bridge: 'br0', isBridgeGiven: true });
    expect(config('-b none')).toMatchObject({ bridge: 'none' });
  });

  it.each([
    ['-b a/b', '--bridge'],
    ['-b br0 --bip 10.0.0.1/8', '--bip'],
    ['--bip 10.0.0.1', '--bip'],
    ['--bip fd00::1/64', '--bip'],
    ['--bip 10.0.0.1/31', '--bip'],
    ['--bip 10.0.0.1/16 --fixed-cidr 10.1.0.0/24', 'does not lie in'],
    ['--mtu 67', '--mtu'],
    ['--mtu 1e3', '--mtu'],
    ['--icc=perhaps', '--icc'],
    ['--ip localhost', '--ip'],
    ['--dns localhost', '--dns'],
  ])('refuse %s', (words, message) => {
    expect(() => config(words)).toThrow(message);
  });
});

describe('parseUlimits', () => {
  it('reads soft and hard limits', () => {
    expect(parseUlimits(['nofile=1024:2048', 'nproc=64', 'core=0:-1'])).toEqual([
      { Name: 'nofile', Soft: 1024, Hard: 2048 },
      { Name: 'nproc', Soft: 64, Hard: 64 },
      { Name: 'core', Soft: 0, Hard: -1 },
    ]);
  });

  it.each(['nofile', 'nofile=', 'nofile=5:4', 'nofile=-1:4', 'nofile=-2', '=5'])('refuses %s', (text) => {
    expect(() => parseUlimits([text])).toThrow('--default-ulimit');
  });
});
