import * as v from 'valibot';

import type { Digest } from '../digest.js';
import { digestSchema } from './digest.js';

/** Media types of the OCI image specification, and Docker's of the same form. */
export const MEDIA_TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

/** The media type of a layer by how it is packed. */
export function layerType(form: string | undefined): string {
  if (form === 'gzip') return MEDIA_TYPES.layerGzip;
  return form === 'zstd' ? MEDIA_TYPES.layerZstd : MEDIA_TYPES.layer;
}

/** Annotations of descriptors in an index. */
export const ANNOTATIONS = {
  /** The full name: `docker.io/library/busybox:latest`. Written by containerd and Docker. */
  imageName: 'io.containerd.image.name',
  /** A full name, or just a tag. */
  refName: 'org.opencontainers.image.ref.name',
  /** Says that a manifest is about another, and no image. */
  referenceType: 'vnd.docker.reference.type',
} as const;

/** What a manifest of an index runs on, in Go's words. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
}

/** A blob, by its digest. See the OCI image specification, "Content Descriptors". */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly platform?: Platform | undefined;
}

/** See the OCI image specification, "Image Manifest". */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string | undefined;
  readonly config: Descriptor;
  /** Lowest first. */
  readonly layers: readonly Descriptor[];
}

/** See the OCI image specification, "Image Index". */
export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType?: string | undefined;
  readonly manifests: readonly Descriptor[];
}

/** An image in the `manifest.json` of an archive that `docker save` wrote. */
export interface DockerArchiveImage {
  /** Path of the configuration in the archive. */
  readonly Config: string;
  /** `busybox:latest` */
  readonly RepoTags?: readonly string[] | null | undefined;
  /** Paths of the layers in the archive, lowest first. */
  readonly Layers: readonly string[];
}

const size = v.pipe(
  v.number(),
  v.safeInteger('must be a whole number'),
  v.minValue(0, 'must not be negative'),
);

const descriptor = v.looseObject({
  mediaType: v.string(),
  digest: digestSchema,
  size,
  annotations: v.optional(v.record(v.string(), v.string())),
  platform: v.optional(
    v.looseObject({ architecture: v.string(), os: v.string(), variant: v.optional(v.string()) }),
  ),
});

/** The form of {@link Manifest}. */
export const manifestSchema: v.GenericSchema<unknown, Manifest> = v.looseObject({
  schemaVersion: v.literal(2),
  mediaType: v.optional(v.string()),
  config: descriptor,
  layers: v.array(descriptor),
});

/** The form of {@link Index}. */
export const indexSchema: v.GenericSchema<unknown, Index> = v.looseObject({
  schemaVersion: v.literal(2),
  mediaType: v.optional(v.string()),
  manifests: v.array(descriptor),
});

/** The form of `manifest.json`. */
export const dockerArchiveSchema: v.GenericSchema<unknown, readonly DockerArchiveImage[]> = v.array(
  v.looseObject({
    Config: v.string(),
    RepoTags: v.nullish(v.array(v.string())),
    Layers: v.array(v.string()),
  }),
);

/** True for a descriptor of an index, OCI's or Docker's. */
export const isIndex = ({ mediaType }: Descriptor): boolean =>
  mediaType === MEDIA_TYPES.index || mediaType === MEDIA_TYPES.dockerIndex;

/** True for a descriptor of an image's manifest, OCI's or Docker's. */
export const isManifest = ({ mediaType, annotations }: Descriptor): boolean =>
  (mediaType === MEDIA_TYPES.manifest || mediaType === MEDIA_TYPES.dockerManifest) &&
  annotations?.[ANNOTATIONS.referenceType] === undefined;
