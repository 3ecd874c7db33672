import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { detect, type Resources } from '@ns/cgroups';
import type { ContainerSpec } from '@ns/execdriver';
import { withDefaultRlimits, type Launching, type Place } from '@ns/execdriver/kit';
import { checkJoins, planMounts, planNamespaces } from '@ns/namespaces';
import { hostContext, type Context } from '@ns/seccomp';

import { assertFree, cgroupPathOf } from './cgroup-path.js';
import { checkSpec } from './check.js';
import { ociConfig } from './config/bundle.js';
import { toJson } from './config/json.js';
import { ociResources } from './config/resources.js';
import type { OciConfig } from './config/types.js';
import { assertNoLinks } from './image-check.js';
import { FILES } from './place.js';

/** What was written, and what is left to do by hand. */
export interface WrittenBundle {
  /** Limits that a configuration has no words for. */
  readonly rest: Resources;
}

/** This machine, as far as seccomp profiles depend on it. */
export const machine = (): Omit<Context, 'capabilities'> => hostContext([]);

/**
 * Write a container's bundle into its state directory.
 *
 * @param args - What the runtime executes.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` for sources of mounts and namespaces that do not exist, `ERR_NS_CONFLICT` for
 * a cgroup that does; nothing was written then.
 */
export function writeBundle(
  spec: ContainerSpec,
  place: Place & Launching,
  args: readonly string[],
  adapt: (config: OciConfig) => OciConfig = (config) => config,
): WrittenBundle {
  const sources = checkSpec(spec);
  assertNoLinks(spec.root);
  checkJoins(planNamespaces(spec));
  const mounts = planMounts(spec.mounts ?? []);
  const cgroupPath = cgroupPathOf(spec, place);
  assertFree(cgroupPath);
  const { oci: resources, rest } = ociResources(spec.resources ?? {});
  const config = ociConfig(spec, {
    user: place.user,
    env: place.env,
    args,
    rlimits: withDefaultRlimits(spec.process.rlimits ?? []),
    rootPath: place.root,
    sources,
    mounts,
    cgroupPath,
    isUnified: detect().kind === 'v2',
    resources,
    machine: machine(),
  });
  mkdirSync(FILES.runtimeRoot(place), { mode: 0o700 });
  write(FILES.cgroup(place), cgroupPath);
  write(FILES.config(place), toJson(adapt(config)));
  return { rest };
}

/** A file for the runtime alone: a configuration holds the environment, where secrets are. */
export const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 });

/** The bundle of a container that exists. */
export const readBundle = (place: Place): OciConfig =>
  JSON.parse(readFileSync(FILES.config(place), 'utf8')) as OciConfig;
