import type { IdMapping, NamespaceKind, TimeOffsets } from '@ns/execdriver';
import { NAMESPACE_KINDS, type NamespaceSources } from '@ns/namespaces';

import type { OciIdMapping, OciNamespace, OciTimeOffset } from './types.js';

const TYPES: Readonly<Record<NamespaceKind, OciNamespace['type']>> = {
  user: 'user',
  mnt: 'mount',
  pid: 'pid',
  uts: 'uts',
  ipc: 'ipc',
  net: 'network',
  cgroup: 'cgroup',
  time: 'time',
};

/** `linux.namespaces`: the host's are those that are not named. */
export function ociNamespaces(sources: NamespaceSources): OciNamespace[] {
  return NAMESPACE_KINDS.flatMap((kind) => {
    const source = sources[kind];
    const type = TYPES[kind];
    if (source === 'host') return [];
    if (source === 'new') return [{ type }];
    return [{ type, path: 'pid' in source ? `/proc/${source.pid}/ns/${kind}` : source.path }];
  });
}

/** `linux.uidMappings` or `linux.gidMappings`. */
export const ociIdMap = (map: readonly IdMapping[]): OciIdMapping[] =>
  map.map(({ inside, outside, length }) => ({ containerID: inside, hostID: outside, size: length }));

const BILLION = 1_000_000_000n;

/** `linux.timeOffsets`. Nanoseconds are never negative there: a clock that is set back has fewer seconds. */
export function ociTimeOffsets({
  monotonicNs = 0n,
  boottimeNs = 0n,
}: TimeOffsets): Readonly<Record<'monotonic' | 'boottime', OciTimeOffset>> {
  return { monotonic: offset(monotonicNs), boottime: offset(boottimeNs) };
}

function offset(total: bigint): OciTimeOffset {
  const rest = ((total % BILLION) + BILLION) % BILLION;
  return { secs: Number((total - rest) / BILLION), nanosecs: Number(rest) };
}
