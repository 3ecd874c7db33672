import * as v from 'valibot';

import type { Digest } from '../digest.js';
import { digestSchema } from './digest.js';

/** Keys of an object that stands for a set. */
export type NameSet = Readonly<Record<string, object>>;

/** How to see whether a container does its work. Durations are nanoseconds; absent or zero means Docker's default. */
export interface Healthcheck {
  /** `['NONE']`, `['CMD', program, …]` or `['CMD-SHELL', line]`. */
  readonly Test?: readonly string[] | null | undefined;
  readonly Interval?: number | null | undefined;
  readonly Timeout?: number | null | undefined;
  readonly StartPeriod?: number | null | undefined;
  readonly StartInterval?: number | null | undefined;
  readonly Retries?: number | null | undefined;
}

/** What a container made from the image runs by default. Members may be `null` where Docker's Go code has nil. */
export interface RunConfig {
  /** `user`, `uid`, `user:group` or `uid:gid`; root when absent or empty. */
  readonly User?: string | null | undefined;
  /** `80/tcp` */
  readonly ExposedPorts?: NameSet | null | undefined;
  /** `NAME=value` */
  readonly Env?: readonly string[] | null | undefined;
  readonly Entrypoint?: readonly string[] | null | undefined;
  /** Arguments of the entry point, or the whole command when there is none. */
  readonly Cmd?: readonly string[] | null | undefined;
  /** Paths whose content does not belong to the container's layer. */
  readonly Volumes?: NameSet | null | undefined;
  readonly WorkingDir?: string | null | undefined;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  /** The signal that asks the container to stop: `SIGQUIT`. */
  readonly StopSignal?: string | null | undefined;
  /** What the shell form of instructions runs. */
  readonly Shell?: readonly string[] | null | undefined;
  /** Instructions for a build that starts from the image. */
  readonly OnBuild?: readonly string[] | null | undefined;
  readonly Healthcheck?: Healthcheck | null | undefined;
}

/** How a layer came about, or a step that made none. Oldest first. */
export interface HistoryEntry {
  readonly created?: string | null | undefined;
  readonly created_by?: string | null | undefined;
  readonly author?: string | null | undefined;
  readonly comment?: string | null | undefined;
  readonly empty_layer?: boolean | null | undefined;
}

/** An image's configuration. See the OCI image specification, "Image Configuration". Its digest is the image's id. */
export interface ImageConfig {
  /** RFC 3339 */
  readonly created?: string | null | undefined;
  readonly author?: string | null | undefined;
  readonly comment?: string | null | undefined;
  /** In Go's words: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly variant?: string | null | undefined;
  readonly os: string;
  readonly config?: RunConfig | null | undefined;
  readonly rootfs: {
    readonly type: 'layers';
    /** Digests of the layers as plain tar archives, lowest first. */
    readonly diff_ids: readonly Digest[];
  };
  readonly history?: readonly HistoryEntry[] | null | undefined;
}

const strings = v.array(v.string());
const nameSet = v.record(v.string(), v.looseObject({}));

const healthcheck = v.looseObject({
  Test: v.nullish(strings),
  Interval: v.nullish(v.number()),
  Timeout: v.nullish(v.number()),
  StartPeriod: v.nullish(v.number()),
  StartInterval: v.nullish(v.number()),
  Retries: v.nullish(v.number()),
});

const runConfig = v.looseObject({
  User: v.nullish(v.string()),
  ExposedPorts: v.nullish(nameSet),
  Env: v.nullish(strings),
  Entrypoint: v.nullish(strings),
  Cmd: v.nullish(strings),
  Volumes: v.nullish(nameSet),
  WorkingDir: v.nullish(v.string()),
  Labels: v.nullish(v.record(v.string(), v.string())),
  StopSignal: v.nullish(v.string()),
  Shell: v.nullish(strings),
  OnBuild: v.nullish(strings),
  Healthcheck: v.nullish(healthcheck),
});

const historyEntry = v.looseObject({
  created: v.nullish(v.string()),
  created_by: v.nullish(v.string()),
  author: v.nullish(v.string()),
  comment: v.nullish(v.string()),
  empty_layer: v.nullish(v.boolean()),
});

/** The form of {@link ImageConfig}. Members that it does not name are kept. */
export const imageConfigSchema: v.GenericSchema<unknown, ImageConfig> = v.looseObject({
  created: v.nullish(v.string()),
  author: v.nullish(v.string()),
  comment: v.nullish(v.string()),
  architecture: v.string(),
  variant: v.nullish(v.string()),
  os: v.string(),
  config: v.nullish(runConfig),
  rootfs: v.looseObject({ type: v.literal('layers'), diff_ids: v.array(digestSchema) }),
  history: v.nullish(v.array(historyEntry)),
});
