import { needs } from '@ns/testing';
import { AF, CLONE, IFLA, IFLA_INFO, NETLINK, NFNL_SUBSYS, NLM_F, RTM, syscall } from '@ns/syscall';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  attr,
  type Message,
  NetlinkSocket,
  nfgenmsg,
  nfnetlinkType,
  parseAttributes,
  sendBatch,
} from '../src/index.js';

const { NLM_F_CREATE, NLM_F_EXCL } = NLM_F;
const NFT_MSG_NEWTABLE = 0;
const NFTA_TABLE_NAME = 1;

const newBridge = (name: string): Message => ({
  type: RTM.RTM_NEWLINK,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  header: Buffer.alloc(16),
  attributes: [
    attr.string(IFLA.IFLA_IFNAME, name),
    attr.nested(IFLA.IFLA_LINKINFO, [attr.string(IFLA_INFO.IFLA_INFO_KIND, 'bridge')]),
  ],
  what: `create bridge ${name}`,
});
const getLinks: Message = {
  type: RTM.RTM_GETLINK,
  header: Buffer.alloc(16),
  attributes: [],
  what: 'list links',
};
const newTable = (name: string, flags: number = NLM_F_CREATE): Message => ({
  type: nfnetlinkType(NFNL_SUBSYS.NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWTABLE),
  flags,
  header: nfgenmsg(AF.AF_INET),
  attributes: [attr.string(NFTA_TABLE_NAME, name)],
  what: `create table ${name}`,
});
const tables = { subsystem: NFNL_SUBSYS.NFNL_SUBSYS_NFTABLES, what: 'make tables' };

describe('a netlink socket', needs('linux', 'root'), () => {
  beforeAll(() => {
    // This test file has a process of its own: what it makes is seen by nobody and gone with it.
    syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);
  });

  const names = (socket: NetlinkSocket): (string | undefined)[] =>
    socket.dump(getLinks).map(({ payload }) => parseAttributes(payload, 16).string(IFLA.IFLA_IFNAME));

  test('carries out several messages and lists what is there', () => {
    using socket = NetlinkSocket.open(NETLINK.NETLINK_ROUTE);
    socket.request([newBridge('br0'), newBridge('br1')]);
    expect(names(socket)).toEqual(['lo', 'br0', 'br1']);
  });

  test('says which message was refused, and carries out the others', () => {
    using socket = NetlinkSocket.open(NETLINK.NETLINK_ROUTE);
    expect(() => socket.request([newBridge('br2'), newBridge('br2'), newBridge('br3')])).toThrow(
      'create bridge br2: EEXIST (File exists)',
    );
    expect(names(socket)).toContain('br3');
    socket.request({ ...newBridge('br3'), tolerate: ['EEXIST'] });
  });

  test('has the words of the kernel', () => {
    using socket = NetlinkSocket.open(NETLINK.NETLINK_ROUTE);
    const nosuch = attr.nested(IFLA.IFLA_LINKINFO, [attr.string(IFLA_INFO.IFLA_INFO_KIND, 'nosuch')]);
    expect(() => socket.request({ ...newBridge('x'), attributes: [nosuch] })).toThrow(
      'create bridge x: EOPNOTSUPP (Operation not supported: Unknown device type)',
    );
    expect(() => socket.request(newBridge('a/b'))).toThrow(/create bridge a\/b: EINVAL/);
  });

  test('makes a batch of nfnetlink whole or not at all', () => {
    using socket = NetlinkSocket.open(NETLINK.NETLINK_NETFILTER);
    sendBatch(socket, [newTable('one'), newTable('two')], tables);
    const again = [newTable('three'), newTable('one', NLM_F_CREATE | NLM_F_EXCL), newTable('four')];
    expect(() => sendBatch(socket, again, tables)).toThrow('create table one: EEXIST (File exists)');
    sendBatch(socket, [newTable('three', NLM_F_CREATE | NLM_F_EXCL)], tables);
    expect(() => sendBatch(socket, [newTable('five')], { ...tables, generation: 77 })).toThrow(
      'make tables: ERESTART',
    );
  });

  test('sends a thousand messages at once', () => {
    using socket = NetlinkSocket.open(NETLINK.NETLINK_NETFILTER);
    const many = Array.from({ length: 1000 }, (_, index) => newTable(`many${index}`));
    sendBatch(socket, many, tables);
    expect(() =>
      sendBatch(
        socket,
        many.map((message) => ({ ...message, flags: NLM_F_CREATE | NLM_F_EXCL })),
        tables,
      ),
    ).toThrow('create table many0: EEXIST');
  });
});
