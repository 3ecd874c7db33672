/**
 * Images on disk: an OCI content store with unpacked layers, and archives in and out.
 *
 * @packageDocumentation
 */
export type { BuiltinFile, BuiltinImage } from './archive/builtin.js';
export type { ImportOptions } from './archive/import.js';
export type { LoadEvent } from './archive/progress.js';
export { applyChanges } from './changes/changes.js';
export { type Digest, isDigest } from './digest.js';
export type { ExtractLimits } from './extract/extractor.js';
export {
  familiarName,
  familiarTag,
  fullName,
  parseReference,
  parseTag,
  type Reference,
} from './reference.js';
export type { Healthcheck, HistoryEntry, ImageConfig, NameSet, RunConfig } from './schema/config.js';
export type { Platform } from './schema/manifest.js';
export { hostPlatform } from './schema/platform.js';
export type { HistoryItem } from './store/history.js';
export type { Image, ImageLayer } from './store/image.js';
export { ImageStore, type StoreOptions } from './store/image-store.js';
export type { ImageUser, RemovedItem, RemoveOptions } from './store/removal.js';
export type { Snapshot } from './store/snapshots.js';
