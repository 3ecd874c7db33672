import { checkHostname, checkSysctls, type NamespaceSources } from '@ns/namespaces';
import { MPOL, MPOL_F, PER } from '@ns/syscall';

import type { MemoryPolicy } from '../plan.js';
import { invalid, show, unsupported } from './invalid.js';
import type { OciConfig } from './schema/config.js';
import type { OciLinux } from './schema/linux.js';

/**
 * `linux.netDevices`: the host's names, and the container's.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planNetDevices(
  devices: NonNullable<OciLinux['netDevices']>,
  sources: NamespaceSources,
): Record<string, string> {
  const entries = Object.entries(devices).map(([host, { name = '' }]): [string, string] => {
    const field = `linux.netDevices[${show(host)}]`;
    if (!isInterfaceName(host)) throw invalid(field, 'no name of an interface');
    if (name !== '' && !isInterfaceName(name))
      throw invalid(`${field}.name`, `${show(name)} is no name of an interface`);
    return [host, name === '' ? host : name];
  });
  if (entries.length > 0 && sources.net === 'host') {
    throw invalid(
      'linux.netDevices',
      'the container has no network namespace of its own',
      'add { "type": "network" } to linux.namespaces',
    );
  }
  const names = entries.map(([, name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid('linux.netDevices', `two interfaces would be ${show(twice)}`);
  return Object.fromEntries(entries);
}

/** As the kernel has it: `dev_valid_name()`. */
const isInterfaceName = (name: string): boolean =>
  name !== '.' && name !== '..' && /^[^\s/:]+$/.test(name) && Buffer.byteLength(name) <= 15;

/**
 * `hostname` and `domainname`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planNames(
  config: Pick<OciConfig, 'hostname' | 'domainname'>,
  sources: NamespaceSources,
): { hostname?: string; domainname?: string } {
  const names: { hostname?: string; domainname?: string } = {};
  for (const kind of ['hostname', 'domainname'] as const) {
    const name = config[kind] ?? '';
    if (name === '') continue;
    if (sources.uts === 'host') {
      throw invalid(kind, `${show(name)} would be the host's`, 'add { "type": "uts" } to linux.namespaces');
    }
    renamed(kind, () => checkHostname(kind, name));
    names[kind] = name;
  }
  return names;
}

/**
 * Check `linux.sysctl`.
 *
 * @remarks
 * Of a joined namespace as of a new one: a container of a pod sets those of the pod's. Whether a path leads back to the
 * host's namespace is looked at by `checkHost`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planSysctls(
  sysctls: Readonly<Record<string, string>>,
  sources: NamespaceSources,
): Record<string, string> {
  const owned = Object.fromEntries(
    Object.entries(sources).map(([kind, source]) => [kind, source === 'host' ? 'host' : 'new']),
  ) as unknown as NamespaceSources;
  for (const [name, value] of Object.entries(sysctls)) {
    renamed(`linux.sysctl[${show(name)}]`, () => checkSysctls({ [name]: value }, owned));
  }
  return { ...sysctls };
}

/** Run a check of another package, and have its error name the field. */
function renamed(field: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    const { message, hint } = error as { readonly message: string; readonly hint?: string };
    throw invalid(field, message.replace(/^\w+: /, ''), hint);
  }
}

/** `linux.personality`, as personality(2) takes it. */
export function planPersonality(
  personality: OciLinux['personality'],
  warn: (message: string) => void,
): number | undefined {
  if (personality === undefined) return undefined;
  if ((personality.flags ?? []).length > 0) {
    warn('linux.personality.flags: the specification has none yet; they are ignored');
  }
  return personality.domain === 'LINUX32' ? PER.PER_LINUX32 : PER.PER_LINUX;
}

/**
 * `linux.memoryPolicy`, as set_mempolicy(2) takes it.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function planMemoryPolicy(policy: OciLinux['memoryPolicy']): MemoryPolicy | undefined {
  if (policy === undefined) return undefined;
  const { mode, nodes: list = '', flags = [] } = policy;
  const field = 'linux.memoryPolicy';
  const nodes = nodeList(list, `${field}.nodes`);
  const takesNone = mode === 'MPOL_DEFAULT' || mode === 'MPOL_LOCAL';
  if (takesNone && nodes.length > 0) throw invalid(`${field}.nodes`, `${mode} takes none`);
  if (!takesNone && mode !== 'MPOL_PREFERRED' && nodes.length === 0)
    throw invalid(`${field}.nodes`, `${mode} needs some`);
  if (flags.includes('MPOL_F_STATIC_NODES') && flags.includes('MPOL_F_RELATIVE_NODES')) {
    throw invalid(`${field}.flags`, 'nodes are either static or relative');
  }
  return { mode: flags.reduce((mask, flag) => mask | MPOL_F[flag], MPOL[mode] as number), nodes };
}

/** The kernel's largest number of memory nodes. */
const MAX_NODES = 1024;

function nodeList(list: string, field: string): number[] {
  if (list === '') return [];
  if (!/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/.test(list)) {
    throw invalid(field, `${show(list)} is no list of memory nodes`, 'for example 0-3,7');
  }
  const nodes = new Set<number>();
  for (const part of list.split(',')) {
    const [first = 0, last = first] = part.split('-').map(Number);
    if (last < first || last >= MAX_NODES) throw invalid(field, `${show(part)} is no range of memory nodes`);
    for (let node = first; node <= last; node++) nodes.add(node);
  }
  return [...nodes].toSorted((left, right) => left - right);
}

/**
 * Refuse `linux.intelRdt`: there is no controller for it here.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED`, unless it asks for nothing.
 */
export function refuseIntelRdt(rdt: OciLinux['intelRdt']): void {
  const asked = Object.entries(rdt ?? {}).find(
    ([, value]) => value !== undefined && value !== false && value !== '',
  );
  if (asked === undefined) return;
  throw unsupported(
    `linux.intelRdt.${asked[0]}`,
    'this runtime does not set Intel RDT classes',
    'leave linux.intelRdt out, or use a runtime that does, such as runc on a machine with resctrl',
  );
}
