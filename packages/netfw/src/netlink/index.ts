/**
 * Netlink: messages as data, and a synchronous socket.
 */
export { type Acknowledgement, parseAcknowledgement, refusal } from './acknowledgement.js';
export { attr, type Attribute, encodeAttributes } from './attribute.js';
export { Attributes, parseAttributes, type ReceivedAttribute } from './attributes.js';
export { encodeMessages, type EncodeOptions, type Message, parseMessages, type Reply } from './message.js';
export { batch, type BatchOptions, NFGENMSG_SIZE, nfgenmsg, nfnetlinkType, sendBatch } from './nfnetlink.js';
export { NetlinkSocket, type NetlinkSocketOptions, type Outcome } from './socket.js';
