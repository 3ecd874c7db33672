import { mkdir } from 'node:fs/promises';

import { runInSlices, Slices } from '../at/slices.js';
import { type Digest, Digester } from '../digest.js';
import { type ExtractLimits, LayerExtractor, type LayerFacts } from '../extract/extractor.js';
import { TarReader } from '../tar/reader.js';
import { openDirectory } from './layout.js';

/** As much as is unpacked before the event loop may be wanted: it can be a hundred small files. */
const SLICE_BYTES = 64 * 1024;

/** A layer as it came out of its archive. */
export interface Unpacked {
  readonly diffId: Digest;
  readonly facts: LayerFacts;
}

/** How a layer is unpacked. */
export interface UnpackOptions {
  /** Refuse an archive without its end mark: one that was cut off between two entries, where no digest would tell. */
  readonly endMark: boolean;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Who knows the digest of the plain archive in the end, so that it is not computed twice. */
  readonly digest?: (() => Digest) | undefined;
}

/**
 * Unpack the plain tar archive of a layer into a new directory, and compute the archive's digest on the way.
 *
 * @param directory - Created here. Of no use when this throws: remove it.
 */
export async function unpackLayer(
  content: AsyncIterable<Buffer>,
  directory: string,
  options: UnpackOptions & { readonly limits: ExtractLimits },
): Promise<Unpacked> {
  await mkdir(directory, { mode: 0o700 });
  using root = openDirectory(directory);
  using extractor = new LayerExtractor(root, options.limits);
  const reader = new TarReader(extractor);
  const digester = new Digester();
  const slices = new Slices();
  let bytes = 0;
  for await (const chunk of content) {
    if (options.digest === undefined) digester.update(chunk);
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      reader.push(chunk.subarray(at, at + SLICE_BYTES));
      await slices.pause();
    }
    bytes += chunk.length;
    options.onProgress?.(bytes);
  }
  reader.finish({ endMark: options.endMark });
  await runInSlices(extractor.finish());
  return { diffId: (options.digest ?? (() => digester.digest()))(), facts: extractor.facts };
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
