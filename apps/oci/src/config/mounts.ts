import { isAbsolute, join } from 'node:path';

import { containerPath } from '@ns/namespaces';

import type { MountIdMap, OciMount } from '../plan.js';
import { mapping } from './id-maps.js';
import { invalid, show } from './invalid.js';
import { readMountOptions, type MountOptions } from './mount-options.js';
import type { OciMountEntry } from './schema/linux.js';

/** More than this is an attack, or a mistake: the kernel allows 100000 in a namespace, recursive binds multiply. */
const MAX_MOUNTS = 4096;

/** Files below `/proc` that may be covered: those that lxcfs provides. Everything else there steers processes. */
const COVERABLE = new Set(
  [
    'cpuinfo',
    'diskstats',
    'loadavg',
    'meminfo',
    'net/dev',
    'slabinfo',
    'stat',
    'swaps',
    'sys/crypto/fips_enabled',
    'sys/kernel/ns_last_pid',
    'uptime',
  ].map((name) => `/proc/${name}`),
);

/** File systems without a device, whose own read-only state says nothing more than the mount's. */
const WITHOUT_DEVICE = new Set([
  'proc',
  'sysfs',
  'tmpfs',
  'devpts',
  'mqueue',
  'cgroup',
  'cgroup2',
  'ramfs',
  'overlay',
]);

/**
 * Translate `mounts`.
 *
 * @remarks
 * Pure. Targets are shortened lexically here and looked up by the kernel below the root's descriptor later.
 *
 * @param bundle - Relative sources of binds are below it.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planMounts(mounts: readonly OciMountEntry[], bundle: string): OciMount[] {
  if (mounts.length > MAX_MOUNTS) {
    throw invalid('mounts', `${mounts.length} mounts, where at most ${MAX_MOUNTS} are made`);
  }
  return mounts.map((mount, index) => planMount(mount, `mounts[${index}]`, bundle));
}

function planMount(mount: OciMountEntry, field: string, bundle: string): OciMount {
  const options = readMountOptions(mount.options ?? []);
  const bind = options.bind ?? (mount.type === 'bind' ? 'bind' : undefined);
  const target = targetOf(mount.destination, field);
  const type = mount.type ?? '';
  const source = mount.source ?? '';
  checkCopyUp(options, bind, type, field);
  checkProc(target, type, bind, field);
  const idMap = idMapOf(mount, options, bind, field);
  const common = {
    target,
    attributes: options.attributes,
    recursive: options.recursive,
    propagation: options.propagation,
    field,
  };
  if (options.data.includes('remount')) {
    if (bind === undefined) {
      throw invalid(
        `${field}.options`,
        'remount: a file system is mounted once, with all its options',
        'give them to the mount itself; with bind, what is mounted there is changed',
      );
    }
    return { ...common, type: 'bind', bind, source: '', data: [], copyUp: false, remount: true };
  }
  if (bind !== undefined) {
    if (source === '') throw invalid(`${field}.source`, 'a bind mount of nothing');
    const path = isAbsolute(source) ? source : join(bundle, source);
    // The kernel ignores what a file system would be told.
    return { ...common, type: 'bind', bind, source: path, data: [], copyUp: false, ...(idMap && { idMap }) };
  }
  if (!/^[\w.-]{1,64}$/.test(type) || type === 'none') {
    throw invalid(
      `${field}.type`,
      `${show(type)} is no file system`,
      'a bind mount has the option bind or rbind',
    );
  }
  const readonly = (options.attributes.set & 1) !== 0 && !WITHOUT_DEVICE.has(type);
  const data = readonly ? ['ro', ...options.data] : options.data;
  return { ...common, type, source: source === '' ? type : source, data, copyUp: options.copyUp };
}

function targetOf(destination: string, field: string): string {
  // Old callers write paths without the first slash, and mean it.
  const absolute = destination.startsWith('/') ? destination : `/${destination}`;
  let target: string;
  try {
    target = containerPath('config.json', `${field}.destination:`, absolute);
  } catch (error) {
    throw invalid(`${field}.destination`, (error as Error).message.replace(/^.*?destination: /, ''));
  }
  if (target === '/') {
    throw invalid(
      `${field}.destination`,
      `${show(destination)} is the root itself`,
      'name the root in root.path',
    );
  }
  return target;
}

function checkCopyUp(options: MountOptions, bind: OciMount['bind'], type: string, field: string): void {
  if (!options.copyUp || (bind === undefined && type === 'tmpfs')) return;
  throw invalid(
    `${field}.options`,
    `tmpcopyup of ${bind === undefined ? type : 'a bind mount'}`,
    'it is for tmpfs',
  );
}

function checkProc(target: string, type: string, bind: OciMount['bind'], field: string): void {
  if (target === '/proc') {
    if (bind !== undefined || type === 'proc') return;
    throw invalid(`${field}.destination`, `${show(type)} on /proc`, 'mount proc there');
  }
  if (!target.startsWith('/proc/') || (bind !== undefined && COVERABLE.has(target))) return;
  throw invalid(
    `${field}.destination`,
    `${show(target)} lies in /proc, which must not be covered`,
    'to hide it, use linux.maskedPaths',
  );
}

/** `idmap` and `ridmap` without maps mean those of the container; maps without them mean `idmap`. */
function idMapOf(
  mount: OciMountEntry,
  { idMap }: MountOptions,
  bind: OciMount['bind'],
  field: string,
): MountIdMap | undefined {
  const { uidMappings = [], gidMappings = [] } = mount;
  if (idMap === undefined && uidMappings.length === 0 && gidMappings.length === 0) return undefined;
  if (bind === undefined) throw invalid(field, 'an id map of a file system that is not bound', 'bind it');
  if ((uidMappings.length === 0) !== (gidMappings.length === 0)) {
    const missing = uidMappings.length === 0 ? 'uidMappings' : 'gidMappings';
    throw invalid(`${field}.${missing}`, 'is missing: ids of both kinds are mapped, or of none');
  }
  return {
    uids: mapping(uidMappings, `${field}.uidMappings`),
    gids: mapping(gidMappings, `${field}.gidMappings`),
    recursive: idMap === 'ridmap',
  };
}
