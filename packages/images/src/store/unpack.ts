import { mkdir } from 'node:fs/promises';

import { runInSlices, Slices } from '../at/slices.js';
import { type Digest, Digester } from '../digest.js';
import { type ExtractLimits, LayerExtractor, type LayerFacts } from '../extract/extractor.js';
import { TarReader } from '../tar/reader.js';
import { openDirectory } from './layout.js';

/** A layer as it came out of its archive. */
export interface Unpacked {
  readonly diffId: Digest;
  readonly facts: LayerFacts;
}

/**
 * Unpack the plain tar archive of a layer into a new directory, and compute the archive's digest on the way.
 *
 * @param directory - Created here. Of no use when this throws: remove it.
 * @param options - `endMark`: refuse an archive that is cut off between two entries, where no digest would tell.
 */
export async function unpackLayer(
  content: AsyncIterable<Buffer>,
  directory: string,
  options: {
    readonly limits: ExtractLimits;
    readonly endMark: boolean;
    readonly onProgress?: ((bytes: number) => void) | undefined;
  },
): Promise<Unpacked> {
  await mkdir(directory, { mode: 0o700 });
  using root = openDirectory(directory);
  using extractor = new LayerExtractor(root, options.limits);
  const reader = new TarReader(extractor);
  const digester = new Digester();
  const slices = new Slices();
  for await (const chunk of content) {
    digester.update(chunk);
    reader.push(chunk);
    options.onProgress?.(digester.sizeBytes);
    await slices.pause();
  }
  reader.finish({ endMark: options.endMark });
  await runInSlices(extractor.finish());
  return { diffId: digester.digest(), facts: extractor.facts };
}

/** The digest of the plain archive alone. */
export async function diffIdOf(content: AsyncIterable<Buffer>): Promise<Digest> {
  const digester = new Digester();
  const slices = new Slices();
  for await (const chunk of content) {
    digester.update(chunk);
    await slices.pause();
  }
  return digester.digest();
}
