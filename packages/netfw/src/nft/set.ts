import { NFT_SET, NFTA_LIST, NFTA_SET, NFTA_SET_DESC, NFTA_SET_FIELD, NLM_F } from '@ns/syscall';

import { attr, type Attribute } from '../netlink/attribute.js';
import { parseAttributes } from '../netlink/attributes.js';
import type { Message, Reply } from '../netlink/message.js';
import { NFGENMSG_SIZE } from '../netlink/nfnetlink.js';
import { DATATYPES, type DataType, fieldSize, keySize, typeId, typesOf } from './datatypes.js';
import { nftMessage } from './messages.js';
import type { SetSpec, TableName } from './spec.js';
import { encodeUserData, parseComment, u32Data, UDATA } from './userdata.js';

/** `NFT_DATA_VERDICT`, the type of a verdict map's values. */
const VERDICT_TYPE = 0xffffff00;

/** Which bits of {@link SetSpec} the kernel takes as flags. */
function setFlags({ key, value, isInterval }: SetSpec): number {
  return (
    (isInterval === true ? NFT_SET.NFT_SET_INTERVAL : 0) |
    (value === undefined ? 0 : NFT_SET.NFT_SET_MAP) |
    (isInterval === true && key.length > 1 ? NFT_SET.NFT_SET_CONCAT : 0)
  );
}

/** The order of bytes that `nft` reads values in; a concatenation has none of its own. */
const byteOrder = (types: readonly DataType[]): number =>
  types.length === 1 ? DATATYPES[types[0]!].order : 0;

function valueAttributes(value: readonly DataType[] | undefined): Attribute[] {
  if (value === undefined) return [];
  const isVerdict = value[0] === 'verdict';
  return [
    attr.be32(NFTA_SET.NFTA_SET_DATA_TYPE, isVerdict ? VERDICT_TYPE : typeId(value)),
    attr.be32(NFTA_SET.NFTA_SET_DATA_LEN, isVerdict ? 16 : keySize(value)),
  ];
}

function userData({ key, value, comment }: SetSpec): Uint8Array {
  return encodeUserData([
    [UDATA.SET_KEY_BYTEORDER, u32Data(byteOrder(key))],
    ...(value === undefined ? [] : [[UDATA.SET_DATA_BYTEORDER, u32Data(byteOrder(value))] as const]),
    ...(comment === undefined ? [] : [[UDATA.SET_COMMENT, Buffer.from(`${comment}\0`)] as const]),
  ]);
}

/** Create a set or map, or leave the one that is there. */
export const addSet = (name: TableName, set: SetSpec, id = 1): Message =>
  nftMessage(
    name,
    'NFT_MSG_NEWSET',
    `create ${set.value === undefined ? 'set' : 'map'} ${set.name}`,
    (table) => {
      // Fields are for ranges of concatenations alone; the kernel refuses them elsewhere.
      const fields =
        set.isInterval === true && set.key.length > 1
          ? set.key.map((type) =>
              attr.nested(NFTA_LIST.NFTA_LIST_ELEM, [
                attr.be32(NFTA_SET_FIELD.NFTA_SET_FIELD_LEN, fieldSize(type)),
              ]),
            )
          : [];
      return [
        attr.string(NFTA_SET.NFTA_SET_TABLE, table),
        attr.string(NFTA_SET.NFTA_SET_NAME, set.name),
        attr.be32(NFTA_SET.NFTA_SET_FLAGS, setFlags(set)),
        attr.be32(NFTA_SET.NFTA_SET_KEY_TYPE, typeId(set.key)),
        attr.be32(NFTA_SET.NFTA_SET_KEY_LEN, keySize(set.key)),
        ...valueAttributes(set.value),
        // Unique within the batch, which is all that the kernel asks for.
        attr.be32(NFTA_SET.NFTA_SET_ID, id),
        ...(fields.length === 0
          ? []
          : [attr.nested(NFTA_SET.NFTA_SET_DESC, [attr.nested(NFTA_SET_DESC.NFTA_SET_DESC_CONCAT, fields)])]),
        attr.bytes(NFTA_SET.NFTA_SET_USERDATA, userData(set)),
      ];
    },
    NLM_F.NLM_F_CREATE,
  );

/** Delete a set with its elements. EBUSY when a rule looks things up in it. */
export const deleteSet = (name: TableName, set: string): Message =>
  nftMessage(name, 'NFT_MSG_DELSET', `delete set ${set}`, (table) => [
    attr.string(NFTA_SET.NFTA_SET_TABLE, table),
    attr.string(NFTA_SET.NFTA_SET_NAME, set),
  ]);

/** A set as the kernel has it. */
export interface LiveSet {
  readonly table: string;
  readonly name: string;
  /** `undefined` when a type is not known here. */
  readonly key: readonly DataType[] | undefined;
  readonly value: readonly DataType[] | undefined;
  /** `NFT_SET_*`. */
  readonly flags: number;
  readonly comment?: string | undefined;
}

/** Read an `NFT_MSG_NEWSET`. */
export function parseSet({ payload }: Reply): LiveSet {
  const attributes = parseAttributes(payload, NFGENMSG_SIZE);
  const value = attributes.be32(NFTA_SET.NFTA_SET_DATA_TYPE);
  return {
    table: attributes.string(NFTA_SET.NFTA_SET_TABLE) ?? '',
    name: attributes.string(NFTA_SET.NFTA_SET_NAME) ?? '',
    key: typesOf(attributes.be32(NFTA_SET.NFTA_SET_KEY_TYPE) ?? 0),
    value: value === undefined ? undefined : value === VERDICT_TYPE ? ['verdict'] : typesOf(value),
    flags: attributes.be32(NFTA_SET.NFTA_SET_FLAGS) ?? 0,
    comment: parseComment(attributes.bytes(NFTA_SET.NFTA_SET_USERDATA), UDATA.SET_COMMENT),
  };
}

/** Whether a set that is there is the one that is wanted, but for its elements. */
export const isSameSet = (live: LiveSet, wanted: SetSpec): boolean =>
  live.flags === setFlags(wanted) &&
  String(live.key) === String(wanted.key) &&
  String(live.value) === String(wanted.value);
