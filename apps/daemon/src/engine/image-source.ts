import type { Readable } from 'node:stream';

import type {
  ImageDeleteResponseItem,
  ImageHistoryItem,
  ImageInspect,
  ImageSummary,
  JSONMessage,
} from '@ns/engine-api';

import type { ImageConfig } from './image-config.js';

/** The directories of an overlay. */
export interface Snapshot {
  /** Layers, topmost first. */
  readonly lower: readonly string[];
  /** What the container changes. */
  readonly upper: string;
  readonly work: string;
}

/** What containers need of images. */
export interface ImageSource {
  /**
   * An image by name or id.
   *
   * @throws {@link NsError} `ERR_NS_NOT_FOUND`
   */
  resolve(reference: string): Promise<{ readonly id: string; readonly config: ImageConfig }>;
  /**
   * Make a writable layer for a container of an image.
   *
   * @throws {@link NsError} `ERR_NS_NOT_FOUND` when the image is gone, `ERR_NS_CONFLICT` when the container has one.
   */
  createSnapshot(imageId: string, containerId: string): Promise<Snapshot>;
  /** @throws {@link NsError} `ERR_NS_NOT_FOUND` */
  snapshot(containerId: string): Promise<Snapshot>;
  /** Does nothing when there is none. */
  removeSnapshot(containerId: string): Promise<void>;
  /** The containers that have one. */
  snapshots(): Promise<readonly string[]>;
  /** How many images there are. */
  count(): Promise<number>;
}

/** How a file system archive becomes an image. */
export interface ImportOptions {
  /** The image's name; without one it is known by its id. */
  readonly repository?: string | undefined;
  readonly tag?: string | undefined;
  readonly message?: string | undefined;
  /** Dockerfile instructions: `CMD ["/bin/sh"]`. */
  readonly changes: readonly string[];
}

/** How an image is removed. */
export interface RemoveImageOptions {
  readonly force: boolean;
  /** The images that containers are made from, by id, and whether one of them runs. */
  readonly inUse: ReadonlyMap<string, { readonly container: string; readonly isRunning: boolean }>;
}

/** What the API's image requests need. */
export interface ImageService extends ImageSource {
  list(): Promise<readonly ImageSummary[]>;
  inspect(reference: string): Promise<ImageInspect>;
  history(reference: string): Promise<readonly ImageHistoryItem[]>;
  /** @returns The image's id. */
  import(archive: Readable, options: ImportOptions): Promise<string>;
  /** Read an archive of `docker save` or an OCI one, and say what was found. */
  load(archive: Readable): AsyncIterable<JSONMessage>;
  save(references: readonly string[]): AsyncIterable<Uint8Array>;
  tag(reference: string, repository: string, tag: string): Promise<void>;
  remove(reference: string, options: RemoveImageOptions): Promise<readonly ImageDeleteResponseItem[]>;
  /** Wait until everything is on disk. Nothing else may go on. */
  close(): Promise<void>;
}
