import {
  type ImageHistoryItem,
  type ImageInspect,
  type ImageSummary,
  type JSONMessage,
  ZERO_TIME,
} from '@ns/engine-api';
import type { HistoryItem, Image, LoadEvent, RunConfig } from '@ns/images';

import type { ImageConfig } from '../engine/image-config.js';

/** What containers inherit of an image's configuration, without the `null` that stands for what is absent. */
export function inherited(config: RunConfig | null | undefined): ImageConfig {
  const { ExposedPorts, Volumes, Env, Entrypoint, Cmd, Labels, Shell, Healthcheck } = config ?? {};
  const known = {
    User: config?.User,
    ExposedPorts: ExposedPorts ? emptied(ExposedPorts) : undefined,
    Env: Env ? [...Env] : undefined,
    Entrypoint: Entrypoint ? [...Entrypoint] : undefined,
    Cmd: Cmd ? [...Cmd] : undefined,
    WorkingDir: config?.WorkingDir,
    Volumes: Volumes ? emptied(Volumes) : undefined,
    Labels: Labels ? { ...Labels } : undefined,
    StopSignal: config?.StopSignal,
    Shell: Shell ? [...Shell] : undefined,
    Healthcheck,
  };
  return Object.fromEntries(
    Object.entries(known).filter(([, value]) => value !== undefined && value !== null),
  );
}

const emptied = (set: Readonly<Record<string, unknown>>): Record<string, Record<string, never>> =>
  Object.fromEntries(Object.keys(set).map((key) => [key, {}]));

const seconds = (date: Date | undefined): number => Math.floor((date?.getTime() ?? 0) / 1000);

/** One element of `GET /images/json`. */
export function summaryOf(image: Image): ImageSummary {
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: [...image.tags],
    RepoDigests: [...image.repoDigests],
    Created: seconds(image.created),
    Size: image.sizeBytes,
    SharedSize: -1,
    VirtualSize: image.sizeBytes,
    Labels: image.config.config?.Labels ? { ...image.config.config.Labels } : null,
    Containers: -1,
  };
}

/** Answer of `GET /images/{name}/json`. */
export function inspectOf(image: Image): ImageInspect {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: [...image.tags],
    RepoDigests: [...image.repoDigests],
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: image.created?.toISOString() ?? ZERO_TIME,
    DockerVersion: '',
    Author: config.author ?? '',
    Config: inherited(config.config),
    Architecture: config.architecture,
    ...(config.variant ? { Variant: config.variant } : {}),
    Os: config.os,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    GraphDriver: { Name: 'overlay2', Data: null },
    RootFS: { Type: 'layers', Layers: image.layers.map((layer) => layer.diffId) },
    Metadata: { LastTagTime: ZERO_TIME },
  };
}

/** One element of `GET /images/{name}/history`. */
export function historyItemOf(item: HistoryItem): ImageHistoryItem {
  return {
    Id: item.id ?? '<missing>',
    Created: seconds(item.created),
    CreatedBy: item.createdBy,
    Tags: item.tags.length > 0 ? [...item.tags] : null,
    Size: item.sizeBytes,
    Comment: item.comment,
  };
}

/** What a client shows while an archive is loaded. */
export function messagesOf(event: LoadEvent): JSONMessage[] {
  switch (event.kind) {
    case 'reading':
      return [{ status: 'Reading archive', progressDetail: { current: event.bytes }, id: 'archive' }];
    case 'layer': {
      const status = event.isDone ? 'Loaded layer' : 'Loading layer';
      return [
        { status, progressDetail: { current: event.bytes }, id: event.diffId.slice('sha256:'.length, 19) },
      ];
    }
    default:
      if (event.refs.length === 0) return [{ stream: `Loaded image ID: ${event.image.id}\n` }];
      return event.refs.map((ref) => ({ stream: `Loaded image: ${ref}\n` }));
  }
}
