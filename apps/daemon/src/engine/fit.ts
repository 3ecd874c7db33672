import { NsError } from '@ns/errors';
import type { DriverInfo, NamespaceKind } from '@ns/execdriver';

import { parseMode } from '../network/network.js';
import type { CheckedCreate } from './create-schema.js';

type Host = NonNullable<CheckedCreate['HostConfig']>;

/** The namespaces that a request has a mode for, and what it says when it leaves the choice to us. */
const MODES = [
  ['pid', 'PidMode', '--pid'],
  ['ipc', 'IpcMode', '--ipc'],
  ['uts', 'UTSMode', '--uts'],
  ['cgroup', 'CgroupnsMode', '--cgroupns'],
] as const satisfies readonly (readonly [NamespaceKind, keyof Host, string])[];

/** A request as a driver can serve it. */
export interface Fitted {
  readonly host: Host;
  readonly warnings: readonly string[];
}

/**
 * What a request leaves to us is what the driver can: whoever chooses a driver that isolates less gets less, and is told
 * so. What the request does ask for, and the driver lacks, is refused later, by `assertAble`.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when it asks for a namespace or a network that the driver has not.
 */
export function fitToDriver(host: Host, info: DriverInfo): Fitted {
  const { namespaces, network } = info.abilities;
  const shared: NamespaceKind[] = namespaces.includes('mnt') ? [] : ['mnt'];
  const fitted: { -readonly [K in keyof Host]: Host[K] } = { ...host };
  for (const [kind, member, flag] of MODES) {
    if (namespaces.includes(kind) || host[member] === 'host') continue;
    if (host[member]) throw lacking(info, `${kind} namespaces`, `${flag} host`);
    shared.push(kind);
    fitted[member] = 'host';
  }
  const mode = host.NetworkMode || 'default';
  const isChosen = mode !== 'default';
  const { kind } = parseMode(mode, true);
  if (isChosen && kind !== 'host' && !namespaces.includes('net')) {
    throw lacking(info, 'net namespaces', '--network host');
  }
  if (isChosen && kind === 'network' && !network) throw lacking(info, 'networks', '--network none');
  const lacks: string[] = [];
  if (!network && !isChosen) {
    fitted.NetworkMode = namespaces.includes('net') ? 'none' : 'host';
    if (namespaces.includes('net')) lacks.push('the container has no network');
    else shared.push('net');
  }
  // A kernel of its own isolates more than namespaces do.
  if (shared.length > 0 && info.abilities.ownKernel !== true) {
    lacks.unshift(
      `the container is in the host's ${shared.join(', ')} namespace${shared.length > 1 ? 's' : ''}`,
    );
  }
  const warnings = lacks.map((fact) => `Driver ${info.name}: ${fact}`);
  return { host: fitted, warnings };
}

const lacking = ({ name }: DriverInfo, what: string, instead: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'create',
    message: `driver ${name} has no ${what}`,
    hint: `Say ${instead}, or choose another driver.`,
  });
