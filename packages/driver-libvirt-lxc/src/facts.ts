import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno } from '@ns/errors';
import type { Place } from '@ns/execdriver/kit';

/** What a later process needs to know of a container. */
export interface Facts {
  /** Of the container's own cgroup, below the mount points. */
  readonly cgroup: string;
  /** Of the one in which libvirt makes the domain's. */
  readonly partition?: string | undefined;
  /** The domain of a libvirtd that is not ours alone. The UUID is random: it is no other domain's, whatever their names are. */
  readonly domain?: { readonly uri: string; readonly uuid: string } | undefined;
}

/** The files of a container's state directory. */
export const FILES = {
  facts: 'libvirt.json',
  domain: 'domain.xml',
  launcher: 'ns-libvirt',
  /** What virsh, and a libvirtd of our own, has to say. */
  messages: 'libvirt.log',
  /** What the launcher says of a step that failed. */
  failure: 'failure',
  /** An empty directory, on which the launcher mounts. */
  tree: 'tree',
  /** What libvirt takes for the container's root, where it is not our libvirtd. */
  root: 'rootfs',
} as const;

export const fileOf = ({ directory }: Pick<Place, 'directory'>, kind: keyof typeof FILES): string =>
  join(directory, FILES[kind]);

/** Before there is anything that has to be removed. */
export function writeFacts(place: Place, facts: Facts): void {
  const path = fileOf(place, 'facts');
  writeFileSync(`${path}.tmp`, JSON.stringify(facts), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/** Undefined when the container was not begun. */
export function readFacts(place: Place): Facts | undefined {
  const text = readIfAny(fileOf(place, 'facts'));
  return text === undefined ? undefined : (JSON.parse(text.toString()) as Facts);
}

/** A file that need not be there. */
export function readIfAny(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
