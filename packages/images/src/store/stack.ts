import type { Digest } from '../digest.js';
import type { ImageConfig } from '../schema/config.js';
import { type DescribedDirectory, type OpenLayer, planDirectories } from './described-directories.js';
import type { LayerStore } from './layers.js';
import { openDirectory } from './layout.js';

/**
 * The layers of an image that an overlay needs, topmost first.
 *
 * @remarks
 * A layer that occurs twice is left out where it is covered by itself: the overlay file system refuses the same
 * directory twice, and images have the empty layer many times. What is below a layer that hides everything is left out,
 * as the overlay file system does not heed that mark on a root.
 */
export function stackOf(config: ImageConfig, layers: LayerStore): Digest[] {
  const stack: Digest[] = [];
  for (const diffId of config.rootfs.diff_ids.toReversed()) {
    if (!stack.includes(diffId)) stack.push(diffId);
    if (layers.record(diffId)?.isOpaque === true) break;
  }
  return stack;
}

/** What the upper directory of a container of these layers must have. All of them are unpacked. */
export function planOf(stack: readonly Digest[], layers: LayerStore): DescribedDirectory[] {
  const open: OpenLayer[] = [];
  try {
    for (const diffId of stack) {
      const root = openDirectory(layers.directory(diffId));
      open.push({ root, implied: new Set(layers.record(diffId)?.implied) });
    }
    return planDirectories(open);
  } finally {
    for (const { root } of open) root.close();
  }
}
