import type { ImageConfig } from './image-config.js';

/** What containers need of images. */
export interface ImageSource {
  /**
   * An image by name or id.
   *
   * @throws {@link NsError} `ERR_NS_NOT_FOUND`
   */
  resolve(reference: string): Promise<{ readonly id: string; readonly config: ImageConfig }>;
  /** The directories of its layers, topmost first. */
  layers(id: string): Promise<readonly string[]>;
  /** How many images there are. */
  count(): Promise<number>;
}
