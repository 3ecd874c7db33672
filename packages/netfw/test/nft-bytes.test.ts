import { execFileSync } from 'node:child_process';

import { needs } from '@ns/testing';
import { CLONE, NFT_MSG, NFTA_EXPR, NFTA_LOOKUP, NFTA_RULE, NLA_F, syscall } from '@ns/syscall';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

import {
  addRule,
  attr,
  type Attribute,
  compare,
  encodeAttributes,
  type Expression,
  FIREWALL_TABLE,
  type FirewallPolicy,
  match,
  type NetlinkSocket,
  openNftables,
  parseAttributes,
  repairFirewall,
  value,
} from '../src/index.js';
import { sentByNft } from './nft-trace.js';

const REG = 1;
const load = (base: 'network' | 'transport', offset: number, length: number): Expression => ({
  name: 'payload',
  base,
  offset,
  length,
  register: REG,
});
const tcpPort: Expression[] = [
  { name: 'meta', key: 'l4proto', register: REG },
  { name: 'cmp', op: 'eq', register: REG, value: value.u8(6) },
  load('transport', 2, 2),
];
const port = (number: number): Uint8Array => value.be16(number);

/** Rules in the words of nft, and as we write them. */
const RULES: readonly (readonly [hook: string, text: string, expressions: readonly Expression[]])[] = [
  [
    'filter hook input',
    'ip saddr 10.0.0.0/8 drop',
    [match.family('ipv4'), match.ipv4('saddr', '10.0.0.0', 8), match.verdict('drop')].flat(),
  ],
  [
    'filter hook input',
    'ip6 daddr fd00::1 accept',
    [match.family('ipv6'), match.ipv6('daddr', 'fd00::1'), match.verdict('accept')].flat(),
  ],
  [
    'filter hook input',
    'iifname != "eth0" return',
    [...match.interface('iifname', 'eth0', 'neq'), ...match.verdict('return')],
  ],
  [
    'filter hook input',
    'ct state invalid,new jump other',
    [...match.ctState('invalid', 'new'), ...match.jump('other')],
  ],
  [
    'filter hook input',
    'ct status snat,dnat counter',
    [...match.ctStatus('snat', 'dnat'), { name: 'counter' }],
  ],
  [
    'filter hook input',
    'tcp dport != 80-90 goto other',
    [
      ...tcpPort,
      { name: 'range', op: 'neq', register: REG, from: port(80), to: port(90) },
      { name: 'immediate', register: 0, data: { verdict: 'goto', chain: 'other' } },
    ],
  ],
  [
    'filter hook input',
    'tcp dport >= 1024 log prefix "high "',
    [
      ...tcpPort,
      { name: 'cmp', op: 'gte', register: REG, value: port(1024) },
      { name: 'log', prefix: 'high ' },
    ],
  ],
  [
    'filter hook input',
    'limit rate over 5/minute burst 7 packets drop',
    [{ name: 'limit', rate: 5, perSeconds: 60, burst: 7, isOver: true }, ...match.verdict('drop')],
  ],
  [
    'filter hook input',
    'fib daddr type local reject',
    [
      { name: 'fib', of: 'daddr', result: 'type', register: REG },
      { name: 'cmp', op: 'eq', register: REG, value: value.u32(2) },
      { name: 'reject', with: 'icmpx', code: 1 },
    ],
  ],
  ['filter hook prerouting', 'notrack', [{ name: 'notrack' }]],
  ['nat hook prerouting', 'redirect', [{ name: 'redir' }]],
  [
    'nat hook prerouting',
    'tcp dport 80 redirect to :8080',
    [
      ...tcpPort,
      { name: 'cmp', op: 'eq', register: REG, value: port(80) },
      { name: 'immediate', register: REG, data: port(8080) },
      { name: 'redir', port: REG },
    ],
  ],
  [
    'nat hook prerouting',
    'tcp dport 80 dnat ip to 10.0.0.2',
    [
      ...tcpPort,
      { name: 'cmp', op: 'eq', register: REG, value: port(80) },
      { name: 'immediate', register: REG, data: value.ip('10.0.0.2') },
      { name: 'nat', type: 'dnat', family: 'ip', address: REG },
    ],
  ],
  [
    'nat hook postrouting',
    'oifname "eth0" masquerade',
    [...match.interface('oifname', 'eth0'), { name: 'masq' }],
  ],
];

const POLICY: FirewallPolicy = {
  networks: [
    { bridge: 'br0', subnets: ['172.17.0.0/16', 'fd00:17::/64'] },
    { bridge: 'br1', subnets: ['172.18.0.0/16'], internal: true },
    { bridge: 'br2', subnets: ['172.19.0.0/16'], icc: false },
  ],
  ports: [
    {
      protocol: 'tcp',
      hostIp: '0.0.0.0',
      hostPort: 80,
      containerIp: '172.17.0.2',
      containerPort: 8080,
      comment: 'web',
    },
    { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 53, containerIp: '172.17.0.3', containerPort: 53 },
    { protocol: 'sctp', hostIp: '::', hostPort: 9, containerIp: 'fd00:17::2', containerPort: 9 },
    { protocol: 'tcp', hostIp: 'fd00::1', hostPort: 80, containerIp: 'fd00:17::2', containerPort: 8080 },
  ],
  links: [{ protocol: 'udp', fromIp: '172.19.0.2', toIp: '172.19.0.3', port: 5432 }],
};

describe('what nft(8) sends for the same', needs('linux', 'root', 'nft'), () => {
  let socket: NetlinkSocket;
  const nft = (...args: string[]): string => execFileSync('nft', args, { encoding: 'utf8' });
  beforeAll(() => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
    socket = openNftables();
    return () => socket.close();
  });
  afterEach(() => void nft('flush', 'ruleset'));

  test.each(RULES)('%s: %s', (hook, text, expressions) => {
    const table = { family: 'inet', table: 't' } as const;
    const sent = sentByNft(
      `table inet t {\nchain other {\n}\nchain c {\ntype ${hook} priority 0;\n${text} comment "why"\n}\n}\n`,
    );
    const rules = sent.filter(({ type }) => type === NFT_MSG.NFT_MSG_NEWRULE);
    const { attributes } = addRule(table, 'c', { expressions, comment: 'why' });
    expect(rules.map((each) => each.attributes)).toEqual([encodeAttributes(attributes).toString('hex')]);
  });

  test('the rules of the firewall, from what nft lists of them', () => {
    repairFirewall(socket, POLICY);
    const listed = rulesIn(nft('list', 'ruleset'));
    const ours = compare(FIREWALL_TABLE, POLICY, undefined).messages.filter(
      ({ type }) => (type & 0xff) === NFT_MSG.NFT_MSG_NEWRULE,
    );
    expect(listed.length).toBe(ours.length);
    const sent = sentByNft(listed.map(({ chain, rule }) => `add rule inet ns ${chain} ${rule}\n`).join(''));
    const rules = sent.filter(({ type }) => type === NFT_MSG.NFT_MSG_NEWRULE);
    // nft lists chains in another order than we make them.
    expect(rules.map(({ attributes }) => withoutSetIds(attributes)).toSorted()).toEqual(
      ours.map(({ attributes }) => encodeAttributes(attributes).toString('hex')).toSorted(),
    );
  });

  test('what nft makes of its own list is to us the same', () => {
    repairFirewall(socket, POLICY);
    const listed = nft('list', 'ruleset');
    nft('flush', 'ruleset');
    execFileSync('nft', ['-f', '-'], { input: listed });
    expect(repairFirewall(socket, POLICY)).toEqual([]);
  });

  test('sets and their elements', () => {
    const messages = compare(FIREWALL_TABLE, POLICY, undefined).messages;
    repairFirewall(socket, POLICY);
    const listed = nft('list', 'ruleset');
    nft('flush', 'ruleset');
    const sent = sentByNft(listed);
    // The key, value and flags of a set, and the bytes of its elements, without the ids of one batch.
    const facts = (attributes: string): string[] => {
      const all = parseAttributes(Buffer.from(attributes, 'hex'));
      return [...all]
        .filter(({ type }) => type <= 7)
        .map(({ type, payload }) => `${type} ${payload.toString('hex')}`);
    };
    const theirs = sent
      .filter(({ type }) => type === NFT_MSG.NFT_MSG_NEWSET)
      .map((each) => facts(each.attributes));
    const ours = messages
      .filter(({ type }) => (type & 0xff) === NFT_MSG.NFT_MSG_NEWSET)
      .map((message) => facts(encodeAttributes(message.attributes).toString('hex')));
    expect(theirs.map(String).toSorted()).toEqual(ours.map(String).toSorted());
  });
});

/** A rule's attributes without `NFTA_LOOKUP_SET_ID`, by which nft names the sets that a batch creates. */
function withoutSetIds(attributes: string): string {
  const isLookup = (payload: Buffer): boolean =>
    parseAttributes(payload).string(NFTA_EXPR.NFTA_EXPR_NAME) === 'lookup';
  const copy = (bytes: Buffer, parent: 'rule' | 'list' | 'lookup' | 'data'): Attribute[] =>
    [...parseAttributes(bytes)]
      .filter(({ type }) => parent !== 'data' || type !== NFTA_LOOKUP.NFTA_LOOKUP_SET_ID)
      .map(({ type, payload }) => {
        if (parent === 'rule' && type === NFTA_RULE.NFTA_RULE_EXPRESSIONS) {
          return attr.nested(type, copy(payload, 'list'));
        }
        if (parent === 'list' && isLookup(payload)) return attr.nested(type, copy(payload, 'lookup'));
        if (parent === 'list') return { ...attr.bytes(type | NLA_F.NLA_F_NESTED, payload) };
        if (parent === 'lookup' && type === NFTA_EXPR.NFTA_EXPR_DATA)
          return attr.nested(type, copy(payload, 'data'));
        return attr.bytes(type, payload);
      });
  return encodeAttributes(copy(Buffer.from(attributes, 'hex'), 'rule')).toString('hex');
}

interface ListedRule {
  readonly chain: string;
  readonly rule: string;
}

/** The rules in what `nft list ruleset` prints. */
function rulesIn(listed: string): ListedRule[] {
  let chain: string | undefined;
  return listed.split('\n').flatMap((line): ListedRule[] => {
    const begin = /^\tchain (\S+) \{/.exec(line);
    if (begin !== null) chain = begin[1];
    else if (line === '\t}') chain = undefined;
    else if (chain !== undefined && !line.startsWith('\t\ttype ')) return [{ chain, rule: line.trim() }];
    return [];
  });
}
