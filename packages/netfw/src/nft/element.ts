import { NFT_SET_ELEM, NFTA_LIST, NFTA_SET_ELEM, NFTA_SET_ELEM_LIST, NLM_F } from '@ns/syscall';

import { attr, type Attribute } from '../netlink/attribute.js';
import { parseAttributes } from '../netlink/attributes.js';
import type { Message, Reply } from '../netlink/message.js';
import { NFGENMSG_SIZE } from '../netlink/nfnetlink.js';
import { nftMessage } from './messages.js';
import type { ElementSpec, TableName } from './spec.js';
import { commentData, parseComment } from './userdata.js';
import { dataAttributes, parseData } from './verdict.js';

/** Bytes of elements that go into one message: a list is an attribute, and its length has 16 bits. */
const MAX_LIST = 48 * 1024;

const key = (bytes: Uint8Array): Attribute =>
  attr.nested(NFTA_SET_ELEM.NFTA_SET_ELEM_KEY, dataAttributes(bytes));

/** An interval is two elements: where it begins and, marked, where it has ended. */
function elementAttributes({ key: begin, end, last, value, comment }: ElementSpec): Attribute[] {
  const data = commentData(comment);
  const first = attr.nested(NFTA_LIST.NFTA_LIST_ELEM, [
    key(begin),
    ...(last === undefined ? [] : [attr.nested(NFTA_SET_ELEM.NFTA_SET_ELEM_KEY_END, dataAttributes(last))]),
    ...(value === undefined ? [] : [attr.nested(NFTA_SET_ELEM.NFTA_SET_ELEM_DATA, dataAttributes(value))]),
    ...(data === undefined ? [] : [attr.bytes(NFTA_SET_ELEM.NFTA_SET_ELEM_USERDATA, data)]),
  ]);
  if (end === undefined) return [first];
  const flags = attr.be32(NFTA_SET_ELEM.NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM.NFT_SET_ELEM_INTERVAL_END);
  return [first, attr.nested(NFTA_LIST.NFTA_LIST_ELEM, [flags, key(end)])];
}

/** Upper bound of the bytes of an element: keys and values of 64 at most, and a comment. */
const elementSize = ({ comment }: ElementSpec): number => 256 + (comment?.length ?? 0) * 3;

function* chunks(elements: readonly ElementSpec[]): Generator<ElementSpec[]> {
  let chunk: ElementSpec[] = [];
  let size = 0;
  for (const element of elements) {
    if (size + elementSize(element) > MAX_LIST) {
      yield chunk;
      [chunk, size] = [[], 0];
    }
    chunk.push(element);
    size += elementSize(element);
  }
  if (chunk.length > 0) yield chunk;
}

function elementMessages(
  name: TableName,
  set: string,
  elements: readonly ElementSpec[],
  type: 'NFT_MSG_NEWSETELEM' | 'NFT_MSG_DELSETELEM',
): Message[] {
  const isNew = type === 'NFT_MSG_NEWSETELEM';
  return [...chunks(elements)].map((chunk) => {
    const names = chunk.length === 1 ? (chunk[0]!.comment ?? 'one element') : `${chunk.length} elements`;
    return nftMessage(
      name,
      type,
      isNew ? `add ${names} to ${set}` : `delete ${names} from ${set}`,
      (table) => [
        attr.string(NFTA_SET_ELEM_LIST.NFTA_SET_ELEM_LIST_TABLE, table),
        attr.string(NFTA_SET_ELEM_LIST.NFTA_SET_ELEM_LIST_SET, set),
        attr.nested(NFTA_SET_ELEM_LIST.NFTA_SET_ELEM_LIST_ELEMENTS, chunk.flatMap(elementAttributes)),
      ],
      isNew ? NLM_F.NLM_F_CREATE | NLM_F.NLM_F_EXCL : 0,
    );
  });
}

/** Add elements to a set. EEXIST when it has one of them. */
export const addElements = (name: TableName, set: string, elements: readonly ElementSpec[]): Message[] =>
  elementMessages(name, set, elements, 'NFT_MSG_NEWSETELEM');

/** Delete elements from a set. ENOENT when it lacks one of them. */
export const deleteElements = (name: TableName, set: string, elements: readonly ElementSpec[]): Message[] =>
  elementMessages(
    name,
    set,
    // The kernel finds them by their keys.
    elements.map((element) => ({ ...element, value: undefined })),
    'NFT_MSG_DELSETELEM',
  );

/** Ask for the elements of a set. */
export const getElements = (name: TableName, set: string): Message =>
  nftMessage(name, 'NFT_MSG_GETSETELEM', `list elements of ${set}`, (table) => [
    attr.string(NFTA_SET_ELEM_LIST.NFTA_SET_ELEM_LIST_TABLE, table),
    attr.string(NFTA_SET_ELEM_LIST.NFTA_SET_ELEM_LIST_SET, set),
  ]);

/** Read the elements in answers to {@link getElements}; of an interval set, ends are joined to their beginnings. */
export function parseElements(replies: readonly Reply[], isInterval: boolean): ElementSpec[] {
  const raw = replies.flatMap(({ payload }) => {
    const list = parseAttributes(payload, NFGENMSG_SIZE).nested(
      NFTA_SET_ELEM_LIST.NFTA_SET_ELEM_LIST_ELEMENTS,
    );
    return [...(list ?? [])].map(({ payload: bytes }) => {
      const attributes = parseAttributes(bytes);
      const data = attributes.nested(NFTA_SET_ELEM.NFTA_SET_ELEM_DATA);
      const last = attributes.nested(NFTA_SET_ELEM.NFTA_SET_ELEM_KEY_END);
      const flags = attributes.be32(NFTA_SET_ELEM.NFTA_SET_ELEM_FLAGS) ?? 0;
      return {
        key: parseData(attributes.nested(NFTA_SET_ELEM.NFTA_SET_ELEM_KEY)) as Uint8Array,
        last: last && (parseData(last) as Uint8Array),
        value: data === undefined ? undefined : parseData(data),
        comment: parseComment(attributes.bytes(NFTA_SET_ELEM.NFTA_SET_ELEM_USERDATA)),
        isEnd: (flags & NFT_SET_ELEM.NFT_SET_ELEM_INTERVAL_END) !== 0,
      };
    });
  });
  const elements = raw.map(({ isEnd, ...element }) => ({ element, isEnd }));
  if (!isInterval) return elements.map(({ element }) => element);
  elements.sort((a, b) => Buffer.compare(a.element.key, b.element.key) || Number(b.isEnd) - Number(a.isEnd));
  return elements.flatMap(({ element, isEnd }, index) => {
    if (isEnd) return [];
    const next = elements[index + 1];
    return [next === undefined ? element : { ...element, end: next.element.key }];
  });
}
