import { CLONE } from '@ns/syscall';

import { checkIdMap } from './id-map.js';
import { invalid } from './invalid.js';
import type { IdMapping, NamespaceKind, NamespaceSource, TimeOffsets } from './spec.js';
import { checkTimeOffsets } from './time.js';

/** The flag of clone3(2), unshare(2) and setns(2) for each kind. */
export const NAMESPACE_FLAGS: Readonly<Record<NamespaceKind, number>> = {
  user: CLONE.CLONE_NEWUSER,
  mnt: CLONE.CLONE_NEWNS,
  pid: CLONE.CLONE_NEWPID,
  uts: CLONE.CLONE_NEWUTS,
  ipc: CLONE.CLONE_NEWIPC,
  net: CLONE.CLONE_NEWNET,
  cgroup: CLONE.CLONE_NEWCGROUP,
  time: CLONE.CLONE_NEWTIME,
};

/** Every kind, by the names of `/proc/PID/ns`. */
export const NAMESPACE_KINDS: readonly NamespaceKind[] = Object.keys(NAMESPACE_FLAGS) as NamespaceKind[];

/** Of each kind, a source. */
export type NamespaceSources = Readonly<Record<NamespaceKind, NamespaceSource>>;

/** What a container has when nothing is said: a namespace of each kind of its own, but the host's users and clocks. */
export const DEFAULT_NAMESPACES: NamespaceSources = {
  user: 'host',
  mnt: 'new',
  pid: 'new',
  uts: 'new',
  ipc: 'new',
  net: 'new',
  cgroup: 'new',
  time: 'host',
};

/** Namespaces that exist, which one setns(2) enters. */
export interface NamespaceJoin {
  readonly source: { readonly pid: number } | { readonly path: string };
  readonly kinds: readonly NamespaceKind[];
  /** The `CLONE_NEW*` flags of `kinds`. */
  readonly flags: number;
}

/** What is to be done to get a set of namespaces. */
export interface NamespacePlan {
  readonly sources: NamespaceSources;
  /** Flags for the clone3(2) that makes the container's first process. Never has `CLONE_NEWTIME`: see {@link newTimeNamespace}. */
  readonly cloneFlags: number;
  /** Flags for an unshare(2) in the first process, later: the kinds that were {@link NamespaceRequest.deferred}. */
  readonly deferredFlags: number;
  /** What the process that calls clone3(2) enters before, in this order. */
  readonly joins: readonly NamespaceJoin[];
}

/** What {@link planNamespaces} looks at. */
export interface NamespaceRequest {
  /** Kinds that are left out have {@link DEFAULT_NAMESPACES}. */
  readonly namespaces?: Partial<NamespaceSources> | undefined;
  readonly uidMap?: readonly IdMapping[] | undefined;
  readonly gidMap?: readonly IdMapping[] | undefined;
  readonly timeOffsets?: TimeOffsets | undefined;
  readonly hostname?: string | undefined;
  readonly domainname?: string | undefined;
  /** Whether the caller has the capabilities of root on the host. Default true. */
  readonly privileged?: boolean | undefined;
  /**
   * New namespaces that must not come from clone3(2), because something has to be done first: the cgroup namespace when
   * the process joins its cgroup only after clone3(2), for its root is the cgroup in which it was made.
   */
  readonly deferred?: readonly NamespaceKind[] | undefined;
}

const OPERATION = 'namespaces';

/** True when the container has a namespace of this kind to itself. */
export const isNew = (sources: NamespaceSources, kind: NamespaceKind): boolean => sources[kind] === 'new';

/**
 * Check a request for namespaces and work out how it is met.
 *
 * @remarks
 * Pure. See namespaces(7), user_namespaces(7).
 *
 * A joined user namespace is entered last by root, who may enter any namespace from outside, and first by everybody
 * else, who has rights over the others only inside of it. Kinds from one source share one setns(2) on a pidfd, in
 * which the kernel puts the user namespace first by itself.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for an unknown kind, a malformed source, a shared mount namespace,
 * a new user namespace without id maps (or maps without one), time offsets without a new time namespace, a host name
 * without a new uts namespace.
 *
 * @example A container in the network of another
 * ```ts
 * planNamespaces({ namespaces: { net: { pid: 4711 } } }).joins;
 * // [{ source: { pid: 4711 }, kinds: ['net'], flags: CLONE_NEWNET }]
 * ```
 */
export function planNamespaces(request: NamespaceRequest): NamespacePlan {
  for (const [kind, source] of Object.entries(request.namespaces ?? {})) checkSource(kind, source);
  const sources: NamespaceSources = { ...DEFAULT_NAMESPACES, ...request.namespaces };
  checkDependants(sources, request);

  const deferred = request.deferred ?? [];
  let cloneFlags = 0;
  let deferredFlags = 0;
  for (const kind of NAMESPACE_KINDS) {
    if (sources[kind] !== 'new' || kind === 'time') continue;
    if (deferred.includes(kind)) deferredFlags |= NAMESPACE_FLAGS[kind];
    else cloneFlags |= NAMESPACE_FLAGS[kind];
  }
  return { sources, cloneFlags, deferredFlags, joins: planJoins(sources, request.privileged ?? true) };
}

function planJoins(sources: NamespaceSources, privileged: boolean): readonly NamespaceJoin[] {
  const groups = new Map<string, { source: NamespaceJoin['source']; kinds: NamespaceKind[] }>();
  for (const kind of NAMESPACE_KINDS) {
    const source = sources[kind];
    if (typeof source === 'string') continue;
    // A pidfd stands for all namespaces of its process, a path for one.
    const key = 'pid' in source ? `pid ${source.pid}` : `${kind} ${source.path}`;
    const found = groups.get(key);
    if (found) found.kinds.push(kind);
    else groups.set(key, { source, kinds: [kind] });
  }
  // NAMESPACE_KINDS begins with user, hence its group is the first.
  const joins = [...groups.values()].map((join) => ({ ...join, flags: flagsOf(join.kinds) }));
  if (!privileged || !joins[0]?.kinds.includes('user')) return joins;
  return [...joins.slice(1), joins[0]];
}

/** The `CLONE_NEW*` flags of several kinds together. */
export const flagsOf = (kinds: readonly NamespaceKind[]): number =>
  kinds.reduce((flags, kind) => flags | NAMESPACE_FLAGS[kind], 0);

function checkSource(kind: string, source: NamespaceSource): void {
  if (!Object.hasOwn(NAMESPACE_FLAGS, kind)) {
    throw invalid(OPERATION, `no namespace kind ${JSON.stringify(kind)}`, {
      hint: `the kinds are ${NAMESPACE_KINDS.join(', ')}`,
    });
  }
  if (source === 'new' || source === 'host') return;
  if (typeof source !== 'object' || source === null) {
    throw invalid(OPERATION, `${kind} namespace source ${JSON.stringify(source)} is not one`, {
      hint: "give 'new', 'host', { pid } or { path }",
    });
  }
  if ('pid' in source) {
    if (!Number.isSafeInteger(source.pid) || source.pid < 1) {
      throw invalid(OPERATION, `${kind} namespace of process ${source.pid}: not a process id`);
    }
  } else if (typeof source.path !== 'string' || !source.path.startsWith('/') || source.path.includes('\0')) {
    throw invalid(OPERATION, `${kind} namespace path ${JSON.stringify(source.path)} is not absolute`);
  }
}

/** What only makes sense together with a new namespace. */
function checkDependants(sources: NamespaceSources, request: NamespaceRequest): void {
  if (sources.mnt !== 'new') {
    throw invalid(OPERATION, 'a container with a root of its own needs a new mount namespace', {
      hint: 'to run a program in the mounts of another container, exec into it',
    });
  }
  const { uidMap, gidMap, timeOffsets } = request;
  if (sources.user === 'new') {
    checkIdMap('uid', uidMap ?? []);
    checkIdMap('gid', gidMap ?? []);
  } else if (uidMap !== undefined || gidMap !== undefined) {
    throw invalid(OPERATION, 'id maps without a new user namespace', {
      hint: "set the user namespace to 'new'",
    });
  }
  if (timeOffsets !== undefined) {
    if (sources.time !== 'new') {
      throw invalid(OPERATION, 'time offsets without a new time namespace', {
        hint: "set the time namespace to 'new'",
      });
    }
    checkTimeOffsets(timeOffsets);
  }
  for (const name of ['hostname', 'domainname'] as const) {
    if (request[name] !== undefined && sources.uts !== 'new') {
      throw invalid(OPERATION, `${name} ${JSON.stringify(request[name])} without a new uts namespace`, {
        hint: 'it would rename the host: leave it out, or give the container a uts namespace of its own',
      });
    }
  }
}
