import { hostPlatform } from '../src/index.js';
import { archive, sha256 } from './archives.js';

/** An archive with one image of some layers, lowest first, as `docker save` writes it. */
export function dockerArchiveOf(layers: readonly Buffer[], tag: string): Buffer {
  const config = JSON.stringify({
    ...hostPlatform(),
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => sha256(layer)) },
  });
  const manifest = [
    { Config: 'config.json', RepoTags: [tag], Layers: layers.map((_, at) => `${at}/layer.tar`) },
  ];
  return archive(
    { name: 'config.json', data: config },
    ...layers.map((data, at) => ({ name: `${at}/layer.tar`, data })),
    { name: 'manifest.json', data: JSON.stringify(manifest) },
  );
}
