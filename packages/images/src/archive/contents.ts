/**
 * What images an archive has, whoever wrote it.
 */
import { corrupt, notFound, unsupported } from '../failure.js';
import { type Digest, isDigest } from '../digest.js';
import { parseJson } from '../json.js';
import { fullName, parseTag } from '../reference.js';
import { type ImageConfig, imageConfigSchema } from '../schema/config.js';
import {
  ANNOTATIONS,
  type Descriptor,
  type DockerArchiveImage,
  dockerArchiveSchema,
  indexSchema,
  isIndex,
  isManifest,
} from '../schema/manifest.js';
import { type BlobSource, resolveImage } from '../store/resolve.js';
import type { SpooledArchive, SpooledFile } from './spool.js';

const OPERATION = 'load image';

/** An image of an archive. All its files are there. */
export interface ArchivedImage {
  readonly configFile: SpooledFile;
  readonly config: ImageConfig;
  /** Lowest first, as many as the configuration has. */
  readonly layers: readonly SpooledFile[];
  /** Complete names. */
  readonly fullNames: readonly string[];
  /** Present when the archive has manifests: what names are given to, and all blobs behind it. */
  readonly oci?: { readonly descriptor: Descriptor; readonly blobs: readonly Digest[] } | undefined;
}

/**
 * The images of an archive: by the OCI index where there is one, as that names what it has by digest, else by Docker's
 * `manifest.json`.
 *
 * @throws NsError `ERR_NS_CORRUPT` when a file is missing or damaged, or the archive has no images.
 */
export async function imagesOf(archive: SpooledArchive): Promise<ArchivedImage[]> {
  const index = archive.find('index.json');
  const manifest = archive.find('manifest.json');
  const docker =
    manifest === undefined
      ? []
      : parseJson(OPERATION, 'manifest.json', archive.read(manifest, 'manifest.json'), dockerArchiveSchema);
  if (index !== undefined && archive.find('oci-layout') !== undefined) {
    return fromIndex(archive, archive.read(index, 'index.json'), docker);
  }
  if (manifest !== undefined) return docker.map((image, at) => fromDocker(archive, image, at));
  if (archive.find('repositories') !== undefined) {
    throw unsupported(OPERATION, 'the archive was written by Docker before 1.10', {
      hint: 'load it into a newer Docker and save it again',
    });
  }
  throw corrupt(OPERATION, 'the archive has neither manifest.json nor index.json', {
    hint: 'an archive of a root file system is imported, not loaded',
  });
}

async function fromIndex(
  archive: SpooledArchive,
  bytes: Buffer,
  docker: readonly DockerArchiveImage[],
): Promise<ArchivedImage[]> {
  const { manifests } = parseJson(OPERATION, 'index.json', bytes, indexSchema);
  const source = blobsOf(archive);
  const images: ArchivedImage[] = [];
  for (const listed of manifests.filter((one) => isIndex(one) || isManifest(one))) {
    const { annotations = {}, ...descriptor } = listed;
    const resolved = await resolveImage(OPERATION, source, descriptor);
    const { manifest, config, id, blobs } = resolved;
    // Docker's own list says more names, where the index has none.
    const name = nameIn(annotations);
    const tags = docker
      .filter((image) => name === undefined && archive.find(image.Config)?.digest === id)
      .flatMap(({ RepoTags }) => RepoTags ?? []);
    images.push({
      configFile: fileOf(archive, id),
      config,
      layers: manifest.layers.map((layer) => layerFile(archive, layer)),
      fullNames: name === undefined ? tags.map(checkedName) : [checkedName(name)],
      oci: { descriptor, blobs: blobs.filter((digest) => archive.findDigest(digest) !== undefined) },
    });
  }
  if (images.length === 0) throw corrupt(OPERATION, 'index.json lists no image');
  return images;
}

/** A name in the annotations of an index. What has neither slash nor colon is a tag of no name. */
function nameIn(annotations: Readonly<Record<string, string>>): string | undefined {
  const complete = annotations[ANNOTATIONS.imageName];
  if (complete !== undefined) return complete;
  const name = annotations[ANNOTATIONS.refName];
  return name !== undefined && /[/:]/.test(name) ? name : undefined;
}

/** An archive's blobs, by what is in them and not by what they are called. */
function blobsOf(archive: SpooledArchive): BlobSource {
  return {
    has: (digest) => archive.findDigest(digest) !== undefined,
    read: async (operation, digest) => {
      const file = archive.findDigest(digest);
      if (file === undefined) throw notFound(operation, missing(archive, digest));
      return archive.read(file, digest);
    },
  };
}

function fileOf(archive: SpooledArchive, digest: Digest): SpooledFile {
  const file = archive.findDigest(digest);
  if (file !== undefined) return file;
  throw corrupt(OPERATION, missing(archive, digest));
}

/** Tells a blob that is not there from one whose content is another. */
function missing(archive: SpooledArchive, digest: Digest): string {
  const file = archive.find(`blobs/${digest.replace(':', '/')}`);
  return file === undefined
    ? `the archive lacks the blob ${digest}`
    : `the blob ${digest} is damaged: its content has the digest ${file.digest}`;
}

function layerFile(archive: SpooledArchive, layer: Descriptor): SpooledFile {
  if (layer.mediaType.includes('encrypted'))
    throw unsupported(OPERATION, `the layer ${layer.digest} is encrypted`);
  return fileOf(archive, layer.digest);
}

function fromDocker(archive: SpooledArchive, image: DockerArchiveImage, at: number): ArchivedImage {
  const subject = `manifest.json: [${at}]`;
  const find = (path: string): SpooledFile => {
    const file = archive.find(path);
    if (file !== undefined) return file;
    throw corrupt(OPERATION, `${subject} names ${JSON.stringify(path)}, which the archive lacks`);
  };
  const configFile = find(image.Config);
  checkConfigName(image.Config, configFile);
  const bytes = archive.read(configFile, image.Config);
  const config = parseJson(OPERATION, image.Config, bytes, imageConfigSchema);
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== image.Layers.length) {
    const fact = `rootfs.diff_ids has ${diffIds.length} layers where manifest.json has ${image.Layers.length}`;
    throw corrupt(OPERATION, `${image.Config}: ${fact}`);
  }
  return {
    configFile,
    config,
    layers: image.Layers.map((path) => find(path)),
    fullNames: (image.RepoTags ?? []).map(checkedName),
  };
}

/** A configuration is named by its digest, `HEX.json` or `blobs/sha256/HEX`: the content must have it. */
function checkConfigName(path: string, file: SpooledFile): void {
  const [hex] = /[0-9a-f]{64}(?=(\.json)?$)/.exec(path) ?? [];
  const stated = `sha256:${hex ?? ''}`;
  if (!isDigest(stated) || stated === file.digest) return;
  throw corrupt(OPERATION, `the configuration ${path} is damaged: its content has the digest ${file.digest}`);
}

function checkedName(name: string): string {
  try {
    return fullName(parseTag(name));
  } catch (error) {
    throw corrupt(OPERATION, `an image with the name ${JSON.stringify(name.slice(0, 300))}`, {
      cause: error,
    });
  }
}
