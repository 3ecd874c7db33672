import type { NamespaceKind, NamespaceSource, NamespaceSources, TimeOffsets } from '@ns/namespaces';

import { invalid, show } from './invalid.js';
import type { OciLinux } from './schema/linux.js';

const KINDS: Readonly<Record<string, NamespaceKind>> = {
  pid: 'pid',
  network: 'net',
  mount: 'mnt',
  ipc: 'ipc',
  uts: 'uts',
  user: 'user',
  cgroup: 'cgroup',
  time: 'time',
};

/**
 * Translate `linux.namespaces`: a type that is not listed is the host's.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a type given twice, a path that is not absolute, and a container
 * that would make its mounts in the host's mount namespace.
 */
export function planSources(namespaces: NonNullable<OciLinux['namespaces']>): NamespaceSources {
  const sources: Record<NamespaceKind, NamespaceSource> = {
    user: 'host',
    mnt: 'host',
    pid: 'host',
    uts: 'host',
    ipc: 'host',
    net: 'host',
    cgroup: 'host',
    time: 'host',
  };
  const seen = new Set<string>();
  namespaces.forEach(({ type, path = '' }, index) => {
    const field = `linux.namespaces[${index}]`;
    if (seen.has(type)) throw invalid(`${field}.type`, `${type} is given twice`);
    seen.add(type);
    if (path !== '' && !path.startsWith('/'))
      throw invalid(`${field}.path`, `${show(path)} is no absolute path`);
    sources[KINDS[type] as NamespaceKind] = path === '' ? 'new' : { path };
  });
  if (sources.mnt !== 'new') {
    throw invalid(
      'linux.namespaces',
      sources.mnt === 'host' ? 'there is no mount namespace' : 'the mount namespace is a shared one',
      'add { "type": "mount" }: the container would mount its file systems where others see them',
    );
  }
  return sources;
}

/**
 * Translate `linux.timeOffsets`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planTimeOffsets(
  offsets: NonNullable<OciLinux['timeOffsets']>,
  sources: NamespaceSources,
): TimeOffsets | undefined {
  const entries = Object.entries(offsets);
  if (entries.length === 0) return undefined;
  const unknown = entries.find(([clock]) => clock !== 'monotonic' && clock !== 'boottime');
  if (unknown !== undefined) {
    throw invalid(
      `linux.timeOffsets[${show(unknown[0])}]`,
      'no clock of a time namespace: monotonic and boottime are',
    );
  }
  if (sources.time !== 'new') {
    throw invalid(
      'linux.timeOffsets',
      'there is no new time namespace',
      'add { "type": "time" } to linux.namespaces',
    );
  }
  const nanoseconds = (clock: string): bigint | undefined => {
    const { secs = 0, nanosecs = 0 } = offsets[clock] ?? {};
    return Object.hasOwn(offsets, clock) ? BigInt(secs) * 1_000_000_000n + BigInt(nanosecs) : undefined;
  };
  const [monotonicNs, boottimeNs] = [nanoseconds('monotonic'), nanoseconds('boottime')];
  return {
    ...(monotonicNs !== undefined && { monotonicNs }),
    ...(boottimeNs !== undefined && { boottimeNs }),
  };
}
