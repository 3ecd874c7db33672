/**
 * The Docker Engine API: types, stream framing and a client.
 *
 * @packageDocumentation
 */
export * from './types/index.js';
export { API_VERSION, MIN_API_VERSION, compareVersions, negotiate } from './versions.js';
export { FRAME_HEADER_BYTES, STREAMS, frame, frameHeader, type StreamName } from './stream/frame.js';
export { FrameParser, type FramePiece } from './stream/parser.js';
export { demux, framePieces, type DemuxTargets } from './stream/demux.js';
export { jsonLines } from './stream/json-lines.js';
export { DEFAULT_HOST, parseHost, type EngineAddress } from './client/host.js';
export { EngineApiError, type EngineApiErrorOptions } from './client/errors.js';
export type { CallOptions } from './client/transport.js';
export type { EngineClientOptions, HijackedStream, OutputStream } from './client/base.js';
export type { PendingWait } from './client/containers.js';
export { EngineClient } from './client/client.js';
