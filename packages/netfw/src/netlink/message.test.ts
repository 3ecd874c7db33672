import { ERRNO, IFLA, NLM_F, NLMSG, RTM } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { parseAcknowledgement, refusal } from './acknowledgement.js';
import { attr, encodeAttributes } from './attribute.js';
import { parseAttributes } from './attributes.js';
import { encodeMessages, type Message, parseMessages } from './message.js';
import { batch } from './nfnetlink.js';

const message = (...attributes: Message['attributes']): Message => ({
  type: RTM.RTM_NEWLINK,
  flags: NLM_F.NLM_F_CREATE,
  header: Uint8Array.of(1, 2, 3, 4),
  attributes,
  what: 'test',
});
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('attributes', () => {
  test('lie as in struct nlattr, padded to four bytes', () => {
    expect(hex(encodeAttributes([attr.u8(7, 0xab), attr.string(3, 'eth0')]))).toBe(
      '05000700ab000000090003006574683000000000',
    );
    expect(hex(encodeAttributes([attr.be16(1, 80), attr.u16(1, 80), attr.be32(2, 1), attr.flag(4)]))).toBe(
      '06000100005000000600010050000000080002000000000104000400',
    );
    expect(hex(encodeAttributes([attr.nested(18, [attr.u32(1, 5)])]))).toBe('0c0012800800010005000000');
  });

  test('are read as they were written', () => {
    const read = parseAttributes(
      encodeAttributes([
        attr.u8(1, 255),
        attr.u16(2, 65_535),
        attr.u32(3, 0xffff_ffff),
        attr.s32(4, -5),
        attr.u64(5, 2n ** 64n - 1n),
        attr.be16(6, 8080),
        attr.be32(7, 1 << 20),
        attr.be64(8, 1n << 40n),
        attr.string(9, 'é'),
        attr.nested(10, [attr.u8(1, 1), attr.u8(1, 2)]),
        attr.bytes(11, Uint8Array.of(1, 2, 3)),
      ]),
    );
    expect([read.u8(1), read.u16(2), read.u32(3), read.s32(4), read.u64(5)]).toEqual([
      255,
      65_535,
      0xffff_ffff,
      -5,
      2n ** 64n - 1n,
    ]);
    expect([read.be16(6), read.be32(7), read.be64(8), read.string(9)]).toEqual([
      8080,
      1 << 20,
      1n << 40n,
      'é',
    ]);
    expect(Array.from(read.nested(10) ?? [], ({ payload }) => payload[0])).toEqual([1, 2]);
    expect(read.bytes(11)).toEqual(Buffer.of(1, 2, 3));
    expect([read.u8(99), read.nested(99), read.string(99), read.has(99), read.has(1)]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
      true,
    ]);
  });

  test('that run past the end are refused', () => {
    expect(() => parseAttributes(Buffer.from('0900070001000000', 'hex'))).toThrow(
      'an attribute of 9 bytes at 0 of 8',
    );
    expect(() => parseAttributes(Buffer.from('0300070001000000', 'hex'))).toThrow('an attribute of 3 bytes');
    expect(() => parseAttributes(encodeAttributes([attr.u8(1, 1)])).u32(1)).toThrow(
      'attribute 1 has 1 bytes where 4 are needed',
    );
  });
});

describe('messages', () => {
  test('are numbered, and the last asks for an answer', () => {
    const bytes = encodeMessages([message(), message(attr.u8(1, 2))], { firstSequence: 9 });
    expect(hex(bytes)).toBe(
      '14000000100001040900000000000000010203041c000000100005040a00000000000000010203040500010002000000',
    );
    const read = parseMessages(bytes);
    expect(read.map(({ type, sequence }) => [type, sequence])).toEqual([
      [16, 9],
      [16, 10],
    ]);
    expect(parseAttributes(read[1]!.payload, 4).u8(1)).toBe(2);
  });

  test('that run past the end are refused', () => {
    const bytes = encodeMessages([message()]);
    expect(() => parseMessages(bytes.subarray(0, 17))).toThrow('a message of 20 bytes at 0 of 17');
    expect(() => parseMessages(Buffer.alloc(16))).toThrow('a message of 0 bytes');
  });

  test('of a batch are within its two ends', () => {
    const list = batch([message()], { subsystem: 10, what: 'rules', generation: 258 });
    expect(list.map(({ type }) => type)).toEqual([16, RTM.RTM_NEWLINK, 17]);
    expect([hex(list[0]!.header), hex(encodeAttributes(list[0]!.attributes))]).toEqual([
      '0000000a',
      '0800010000000102',
    ]);
  });
});

describe('an acknowledgement', () => {
  const answer = (
    errno: number,
    flags: number,
    ...tlvs: Message['attributes']
  ): ReturnType<typeof parseAcknowledgement> => {
    const head = Buffer.alloc(20);
    head.writeInt32LE(-errno, 0);
    head.writeUInt32LE(20, 4);
    const request = (flags & NLM_F.NLM_F_CAPPED) === 0 ? Buffer.alloc(4) : Buffer.alloc(0);
    const payload = Buffer.concat([head, request, encodeAttributes(tlvs)]);
    return parseAcknowledgement({ type: NLMSG.NLMSG_ERROR, flags, sequence: 1, payload });
  };

  test('has the words of the kernel, behind a whole request or its header', () => {
    const { NLM_F_CAPPED, NLM_F_ACK_TLVS } = NLM_F;
    expect(answer(0, 0)).toEqual({ errno: 0 });
    for (const capped of [0, NLM_F_CAPPED]) {
      const found = answer(
        ERRNO.EINVAL,
        NLM_F_ACK_TLVS | capped,
        attr.string(1, 'no such thing'),
        attr.u32(2, 44),
      );
      expect(found).toMatchObject({ errno: ERRNO.EINVAL, text: 'no such thing', offset: 44 });
    }
    expect(() => parseAcknowledgement({ type: 2, flags: 0, sequence: 1, payload: Buffer.alloc(8) })).toThrow(
      'an acknowledgement of 8 bytes',
    );
  });

  test('makes an error', () => {
    const error = refusal({ what: 'do it', hints: { EPERM: 'be root' } }, { errno: 1, text: 'not you' });
    expect(error).toMatchObject({
      message: 'do it: EPERM (Operation not permitted: not you)',
      code: 'EPERM',
      hint: 'be root',
    });
    expect(refusal({ what: 'do it' }, { errno: 22, missingType: IFLA.IFLA_MTU }).message).toBe(
      'do it: EINVAL (Invalid argument: attribute 4 is missing)',
    );
  });
});
