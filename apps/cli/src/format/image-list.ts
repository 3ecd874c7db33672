import type { ImageHistoryItem, ImageSummary } from '@ns/engine-api';

import { shortId } from './container-list.js';
import type { ListDescription } from './list.js';
import { View } from './template/value.js';
import { ago, humanSize, localTime } from './units.js';
import { ellipsis } from './width.js';

/** One name of an image: a row of `images`. */
export interface ImageRow {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

const NONE = '<none>';

/** A row for each name; digests have rows of their own only where there is no tag, or they are asked for. */
export function imageRows(images: readonly ImageSummary[], digests: boolean): ImageRow[] {
  return images.flatMap((image) => {
    const digestsOf = new Map<string, string[]>();
    for (const reference of image.RepoDigests ?? []) {
      const [name = '', digest = ''] = reference.split('@');
      if (name !== NONE) digestsOf.set(name, [...(digestsOf.get(name) ?? []), digest]);
    }
    const tagged = (image.RepoTags ?? [])
      .filter((reference) => reference !== `${NONE}:${NONE}`)
      .flatMap((reference) => {
        const { repository, tag } = splitReference(reference);
        const own = digests ? (digestsOf.get(repository) ?? []) : [];
        digestsOf.delete(repository);
        return (own.length === 0 ? [NONE] : own).map((digest) => ({ image, repository, tag, digest }));
      });
    const untagged = [...digestsOf].flatMap(([repository, own]) =>
      (digests ? own : own.slice(0, 1)).map((digest) => ({ image, repository, tag: NONE, digest })),
    );
    const rows = [...tagged, ...untagged];
    return rows.length === 0 ? [{ image, repository: NONE, tag: NONE, digest: NONE }] : rows;
  });
}

/** `localhost:5000/a/b:1` → `localhost:5000/a/b` and `1`. Docker Hub's own prefix is left out. */
export function splitReference(reference: string): { repository: string; tag: string } {
  const familiar = reference.replace(/^docker\.io\/(library\/)?/, '');
  const [, repository = familiar, tag = 'latest'] = /^(.*?)(?::([^:/]+))?$/.exec(familiar) ?? [];
  return { repository, tag };
}

/** How `images` lists images. */
export function imageList(trunc: boolean, digests: boolean): ListDescription<ImageRow> {
  return {
    headers: HEADERS,
    columns: ['Repository', 'Tag', ...(digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'],
    quiet: 'ID',
    view: (row) => imageView(row, trunc),
  };
}

const HEADERS = {
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  Containers: 'CONTAINERS',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
  VirtualSize: 'SIZE',
} as const;

function imageView({ image, repository, tag, digest }: ImageRow, trunc: boolean): View {
  const counted = (count: number, text: () => string): string => (count === -1 ? 'N/A' : text());
  return new View({
    ID: () => (trunc ? shortId(image.Id) : image.Id),
    Repository: () => repository,
    Tag: () => tag,
    Digest: () => digest,
    CreatedSince: () => (image.Created > 0 ? ago(image.Created) : 'N/A'),
    CreatedAt: () => localTime(new Date(image.Created * 1000)),
    Size: () => humanSize(image.Size),
    Containers: () => counted(image.Containers, () => String(image.Containers)),
    SharedSize: () => counted(image.SharedSize, () => humanSize(image.SharedSize, 4)),
    UniqueSize: () => counted(image.SharedSize, () => humanSize(image.Size - image.SharedSize, 4)),
    VirtualSize: () => humanSize(image.Size, 4),
  });
}

/** How `history` lists layers. */
export function historyList(trunc: boolean, human: boolean): ListDescription<ImageHistoryItem> {
  return {
    headers: {
      ID: 'IMAGE',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      Size: 'SIZE',
      Comment: 'COMMENT',
    },
    columns: ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'],
    quiet: 'ID',
    view: (layer) => {
      const createdBy = layer.CreatedBy.replaceAll('\t', ' ');
      return new View({
        ID: () => (trunc ? shortId(layer.Id) : layer.Id),
        CreatedSince: () => (layer.Created > 0 ? ago(layer.Created) : 'N/A'),
        CreatedAt: () => new Date(layer.Created * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
        CreatedBy: () => (trunc ? ellipsis(createdBy, 45) : createdBy),
        Size: () => (human ? humanSize(layer.Size) : String(layer.Size)),
        Comment: () => layer.Comment,
      });
    },
  };
}
