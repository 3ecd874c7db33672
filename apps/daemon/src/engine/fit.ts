import { unable, type DriverInfo, type NamespaceKind } from '@ns/execdriver';

import { parseMode } from '../network/network.js';
import type { CheckedCreate } from './create-schema.js';

type Host = NonNullable<CheckedCreate['HostConfig']>;

/** The namespaces that a request has a mode for, and what it says when it leaves the choice to us. */
const MODES = [
  ['pid', 'PidMode'],
  ['ipc', 'IpcMode'],
  ['uts', 'UTSMode'],
  ['cgroup', 'CgroupnsMode'],
] as const satisfies readonly (readonly [NamespaceKind, keyof Host])[];

/** A request as a driver can serve it. */
export interface Fitted {
  readonly host: Host;
  readonly warnings: readonly string[];
}

/**
 * What a request leaves to us is what the driver can: whoever chooses a driver that isolates less gets less, and is told
 * so. What the request does ask for, and the driver lacks, is refused later, by `assertAble`.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when it asks for a network by name, and the driver has none.
 */
export function fitToDriver(host: Host, info: DriverInfo): Fitted {
  const { namespaces, network } = info.abilities;
  const shared: NamespaceKind[] = namespaces.includes('mnt') ? [] : ['mnt'];
  const fitted: { -readonly [K in keyof Host]: Host[K] } = { ...host };
  for (const [kind, member] of MODES) {
    if (namespaces.includes(kind) || host[member]) continue;
    shared.push(kind);
    fitted[member] = 'host';
  }
  const mode = host.NetworkMode || 'default';
  const isChosen = mode !== 'default';
  if (!network && isChosen && parseMode(mode, true).kind === 'network') {
    throw unable(info, 'HostConfig.NetworkMode', 'say --network host, or --network none');
  }
  const lacks: string[] = [];
  if (!network && !isChosen) {
    fitted.NetworkMode = namespaces.includes('net') ? 'none' : 'host';
    if (namespaces.includes('net')) lacks.push('the container has no network');
    else shared.push('net');
  }
  if (shared.length > 0) {
    lacks.unshift(
      `the container is in the host's ${shared.join(', ')} namespace${shared.length > 1 ? 's' : ''}`,
    );
  }
  const warnings = lacks.map((fact) => `Driver ${info.name}: ${fact}`);
  return { host: fitted, warnings };
}
