import { NFT_REG, RTN } from '@ns/syscall';

import { PRIORITY } from '../nft/chain.js';
import { value } from '../nft/datatypes.js';
import type { Expression } from '../nft/expressions/index.js';
import { match } from '../nft/match.js';
import type { ChainSpec, RuleSpec } from '../nft/spec.js';

const { NFT_REG_1, NFT_REG_2, NFT_REG32_00 } = NFT_REG;
/** Registers of four bytes; every fourth is, as the kernel writes it, one of 16. */
const slot = (index: number): number => (index % 4 === 0 ? NFT_REG_1 + index / 4 : NFT_REG32_00 + index);

/** The chain that belongs to the user: it is called before our rules, and never changed. */
export const USER_CHAIN = 'user';

/** A chain of the table with its rules. */
export interface FirewallChain extends ChainSpec {
  readonly rules: readonly RuleSpec[];
}

const rule = (comment: string | undefined, ...parts: readonly (readonly Expression[])[]): RuleSpec => ({
  expressions: parts.flat(),
  comment,
});

const interfaceIn = (set: string, key: 'iifname' | 'oifname', isInverted = false): Expression[] => [
  { name: 'meta', key, register: NFT_REG_1 },
  { name: 'lookup', set, source: NFT_REG_1, isInverted },
];

const interfacesIn = (set: string): Expression[] => [
  { name: 'meta', key: 'iifname', register: NFT_REG_1 },
  { name: 'meta', key: 'oifname', register: NFT_REG_2 },
  { name: 'lookup', set, source: NFT_REG_1 },
];

/** Only packets to an address of this machine: what passes by on its way elsewhere is left alone. */
const toThisMachine: Expression[] = [
  { name: 'fib', of: 'daddr', result: 'type', register: NFT_REG_1 },
  { name: 'cmp', op: 'eq', register: NFT_REG_1, value: value.u32(RTN.RTN_LOCAL) },
];

/** `dnat ip to ip daddr . meta l4proto . th dport map @publish4`, which costs the same for any number of ports. */
function publish(version: 4 | 6, isAny: boolean): Expression[] {
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const address: Expression[] = isAny ? [] : [match.loadAddress(family, 'daddr')];
  const next = isAny ? 0 : version === 4 ? 1 : 4;
  return [
    ...match.family(family),
    ...address,
    { name: 'meta', key: 'l4proto', register: slot(next) },
    { name: 'payload', base: 'transport', offset: 2, length: 2, register: slot(next + 1) },
    {
      name: 'lookup',
      set: `publish${version}${isAny ? '_any' : ''}`,
      source: NFT_REG_1,
      register: NFT_REG_1,
    },
    {
      name: 'nat',
      type: 'dnat',
      family: version === 4 ? 'ip' : 'ip6',
      address: NFT_REG_1,
      // The address fills one register of four bytes, or the first of 16.
      port: slot(version === 4 ? 1 : 4),
    },
  ];
}

const linked: Expression[] = [
  ...match.family('ipv4'),
  match.loadAddress('ipv4', 'saddr', slot(0)),
  match.loadAddress('ipv4', 'daddr', slot(1)),
  { name: 'meta', key: 'l4proto', register: slot(2) },
  { name: 'payload', base: 'transport', offset: 2, length: 2, register: slot(3) },
  { name: 'lookup', set: 'links4', source: NFT_REG_1 },
];

const masquerade = (version: 4 | 6): Expression[] => {
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return [
    ...match.family(family),
    match.loadAddress(family, 'saddr'),
    { name: 'lookup', set: `masquerade${version}`, source: NFT_REG_1 },
    ...interfaceIn('bridges', 'oifname', true),
    { name: 'masq' },
  ];
};

/**
 * By the source's address and not by the interface it came from: where `br_netfilter` is on, which other engines ask for,
 * a packet that stays on its bridge has none here.
 */
const hairpin = (version: 4 | 6): Expression[] => {
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return [
    ...match.ctStatus('dnat'),
    ...match.family(family),
    match.loadAddress(family, 'saddr'),
    { name: 'meta', key: 'oifname', register: slot(version === 4 ? 1 : 4) },
    { name: 'lookup', set: `hairpin${version}`, source: NFT_REG_1 },
    { name: 'masq' },
  ];
};

const localhost = (which: 'saddr' | 'daddr'): RuleSpec =>
  rule(
    which === 'daddr'
      ? 'what is on 127.0.0.1 is for this machine alone'
      : 'nor does 127.0.0.1 call from outside',
    match.interface('iifname', 'lo', 'neq'),
    match.family('ipv4'),
    match.ipv4(which, '127.0.0.0', 8),
    match.verdict('drop'),
  );

/** All chains but the user's, whose rules are not ours. Those that others call come first. */
export const CHAINS: readonly FirewallChain[] = [
  {
    name: 'publish',
    rules: [
      rule(undefined, publish(4, false)),
      rule(undefined, publish(4, true)),
      rule(undefined, publish(6, false)),
      rule(
        'a proxy listens there',
        match.family('ipv6'),
        match.ipv6('daddr', '::1'),
        match.verdict('return'),
      ),
      rule(undefined, publish(6, true)),
    ],
  },
  {
    // Before connection tracking: a bridge with route_localnet would else let others reach what listens on 127.0.0.1.
    name: 'guard',
    hook: { type: 'filter', hook: 'prerouting', priority: PRIORITY.raw },
    rules: [localhost('daddr'), localhost('saddr')],
  },
  {
    name: 'prerouting',
    hook: { type: 'nat', hook: 'prerouting', priority: PRIORITY.dstnat },
    rules: [rule(undefined, toThisMachine, match.jump('publish'))],
  },
  {
    name: 'output',
    hook: { type: 'nat', hook: 'output', priority: PRIORITY.dstnat },
    rules: [rule(undefined, toThisMachine, match.jump('publish'))],
  },
  {
    name: 'forward',
    hook: { type: 'filter', hook: 'forward', priority: PRIORITY.filter },
    rules: [
      rule('yours: it runs first and is never changed', match.jump(USER_CHAIN)),
      rule(
        'an internal network is left by nothing',
        interfaceIn('internal', 'iifname'),
        match.jump('enclosed'),
      ),
      rule('nor entered', interfaceIn('internal', 'oifname'), match.jump('enclosed')),
      rule(undefined, match.ctState('established', 'related'), match.verdict('accept')),
      rule(
        'published ports',
        match.ctStatus('dnat'),
        interfaceIn('bridges', 'oifname'),
        match.verdict('accept'),
      ),
      rule('containers of one network', interfacesIn('icc'), match.verdict('accept')),
      rule('ports of containers that others are linked to', linked, match.verdict('accept')),
      rule('all else that would enter a network', interfaceIn('bridges', 'oifname'), match.verdict('drop')),
    ],
  },
  {
    name: 'enclosed',
    rules: [
      rule('containers of one network', interfacesIn('icc'), match.verdict('accept')),
      rule(undefined, match.verdict('drop')),
    ],
  },
  {
    name: 'postrouting',
    hook: { type: 'nat', hook: 'postrouting', priority: PRIORITY.srcnat },
    rules: [
      rule('a container that calls a published port of its network is answered through here', hairpin(4)),
      rule('the same', hairpin(6)),
      rule(
        'this machine calls a port published on 127.0.0.1',
        match.family('ipv4'),
        match.ipv4('saddr', '127.0.0.0', 8),
        interfaceIn('bridges', 'oifname'),
        [{ name: 'masq' }],
      ),
      rule(undefined, masquerade(4)),
      rule(undefined, masquerade(6)),
    ],
  },
];
