import type { ImageInspect, ImageSummary } from '../types/image.js';

/** An image of the fake engine: names, and nothing in it. */
export interface FakeImage {
  readonly id: string;
  tags: string[];
  /** Seconds since 1970. */
  readonly created: number;
  /** Bytes. */
  readonly size: number;
}

/** As in the list of images. */
export function imageSummary(image: FakeImage): ImageSummary {
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: image.tags,
    RepoDigests: [],
    Created: image.created,
    Size: image.size,
    SharedSize: -1,
    Labels: null,
    Containers: -1,
  };
}

/** As inspect has it. */
export function imageInspect(image: FakeImage): ImageInspect {
  return {
    Id: image.id,
    RepoTags: image.tags,
    RepoDigests: [],
    Parent: '',
    Comment: '',
    Created: new Date(image.created * 1000).toISOString(),
    DockerVersion: '',
    Author: '',
    Config: { Cmd: ['true'] },
    Architecture: 'amd64',
    Os: 'linux',
    Size: image.size,
    GraphDriver: { Name: 'fake', Data: null },
    RootFS: { Type: 'layers', Layers: [] },
    Metadata: { LastTagTime: new Date(image.created * 1000).toISOString() },
  };
}

/** `busybox` → `busybox:latest`. */
export function withTag(name: string): string {
  return /:[^/]+$/.test(name) ? name : `${name}:latest`;
}
