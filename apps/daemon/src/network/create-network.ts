import { checkSubnet } from '@ns/netfw';
import { NsError } from '@ns/errors';
import * as v from 'valibot';

import { formatNs, nowNs } from '../engine/clock.js';
import type { EngineContext } from '../engine/context.js';
import { invalid } from '../engine/errors.js';
import { createId, shortId } from '../engine/ids.js';
import type { Network, Subnet } from './network.js';
import { subnetOf } from './subnets.js';

const text = v.nullish(v.string(), '');
const flag = v.nullish(v.boolean(), false);
const map = v.nullish(v.record(v.string(), v.string()), {});

const body = v.looseObject({
  Name: v.string(),
  Driver: text,
  Internal: flag,
  Attachable: flag,
  EnableIPv4: v.nullish(v.boolean(), true),
  EnableIPv6: flag,
  Scope: text,
  Ingress: flag,
  ConfigOnly: flag,
  ConfigFrom: v.nullish(v.looseObject({ Network: text }), { Network: '' }),
  Options: map,
  Labels: map,
  IPAM: v.nullish(
    v.looseObject({
      Driver: text,
      Options: map,
      Config: v.nullish(
        v.array(v.looseObject({ Subnet: text, IPRange: text, Gateway: text, AuxiliaryAddresses: map })),
        [],
      ),
    }),
    {},
  ),
});

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Options of Docker's bridge driver that have an effect here. */
const KNOWN_OPTIONS: readonly string[] = [
  'com.docker.network.bridge.name',
  'com.docker.network.bridge.enable_icc',
  'com.docker.network.bridge.enable_ip_masquerade',
  'com.docker.network.bridge.host_binding_ipv4',
  'com.docker.network.driver.mtu',
];

/**
 * Make a network of a user's. Its bridge is made when the first container needs it.
 *
 * @returns It, and what of the request has no effect.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`; `ERR_NS_CONFLICT` when its name or subnet is taken.
 */
export async function createNetwork(
  context: EngineContext,
  request: unknown,
): Promise<{ readonly network: Network; readonly warning: string }> {
  const checked = v.safeParse(body, request, { abortEarly: true });
  if (!checked.success) {
    const [issue] = checked.issues;
    throw invalid(v.getDotPath(issue) ?? 'body', issue.message.replace(/^Invalid/, 'invalid'));
  }
  const { Name: name, Driver, Internal, Attachable, Options, Labels } = checked.output;
  if (!NAME.test(name) || name === 'default' || name.startsWith('container:')) {
    throw invalid(
      'Name',
      `invalid network name: ${JSON.stringify(name)}`,
      'Use letters, digits, _, . and -.',
    );
  }
  if (Driver !== '' && Driver !== 'bridge') {
    throw invalid('Driver', `network driver ${Driver} is not there`, 'The driver here is bridge.');
  }
  refuseOthers(checked.output);
  const id = createId();
  const on = (option: string): boolean => !/^(0|f|false)$/i.test(Options[option] ?? 'true');
  const network: Network = {
    id,
    name,
    bridge: bridgeName(Options['com.docker.network.bridge.name'] ?? `br-${shortId(id)}`),
    subnets: subnetsOf(context, checked.output.IPAM.Config, checked.output.EnableIPv6),
    created: formatNs(nowNs()),
    internal: Internal,
    icc: on('com.docker.network.bridge.enable_icc'),
    masquerade: on('com.docker.network.bridge.enable_ip_masquerade'),
    mtu: mtuOf(Options['com.docker.network.driver.mtu']),
    hostIp: Options['com.docker.network.bridge.host_binding_ipv4'] ?? '',
    attachable: Attachable,
    labels: Labels,
    options: Options,
  };
  await context.networks.table.add(network);
  context.events.publish('network', 'create', id, { name, type: 'bridge' });
  const unknown = Object.keys(Options).filter((option) => !KNOWN_OPTIONS.includes(option));
  return { network, warning: unknown.length > 0 ? `Options without effect: ${unknown.join(', ')}` : '' };
}

type Checked = v.InferOutput<typeof body>;

/** What Docker has and is not here is refused, not left out. @throws {@link NsError} `ERR_NS_UNSUPPORTED` */
function refuseOthers({ Scope, Ingress, ConfigOnly, ConfigFrom, EnableIPv4, IPAM }: Checked): void {
  const isAskedFor: Readonly<Record<string, boolean>> = {
    'Scope other than local': Scope !== '' && Scope !== 'local',
    Ingress,
    ConfigOnly,
    ConfigFrom: ConfigFrom.Network !== '',
    'EnableIPv4 false': !EnableIPv4,
    'IPAM.Driver other than default': IPAM.Driver !== '' && IPAM.Driver !== 'default',
    'IPAM.Options': Object.keys(IPAM.Options).length > 0,
    'IPAM.Config.AuxiliaryAddresses': IPAM.Config.some(
      ({ AuxiliaryAddresses }) => Object.keys(AuxiliaryAddresses).length > 0,
    ),
    'IPAM.Config without Subnet': IPAM.Config.some(
      ({ Subnet, IPRange, Gateway }) => Subnet === '' && (IPRange !== '' || Gateway !== ''),
    ),
  };
  const first = Object.keys(isAskedFor).find((what) => isAskedFor[what]);
  if (first === undefined) return;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'network create',
    message: `networks have no ${first} here`,
    hint: 'Leave it out.',
  });
}

interface SubnetRequest {
  readonly Subnet: string;
  readonly IPRange: string;
  readonly Gateway: string;
}

function subnetsOf(context: EngineContext, asked: readonly SubnetRequest[], isIpv6: boolean): Subnet[] {
  const others = context.networks.table.all().flatMap(({ subnets }) => subnets.map(({ subnet }) => subnet));
  const subnets = asked
    .filter(({ Subnet }) => Subnet !== '')
    .map(({ Subnet, IPRange, Gateway }) => {
      checkSubnet(Subnet, others);
      return subnetOf(Subnet, Gateway || undefined, IPRange || undefined);
    });
  const families = subnets.map(({ subnet }) => subnet.includes(':'));
  if (families.length !== new Set(families).size) {
    throw invalid('IPAM', 'only one subnet of IPv4 and one of IPv6 can be given to a network');
  }
  if (isIpv6 && !families.includes(true)) {
    throw invalid(
      'EnableIPv6',
      'a network with IPv6 needs a subnet of IPv6',
      'Give one: --subnet fd00:1::/64',
    );
  }
  return families.includes(false)
    ? subnets.toSorted(ipv4First)
    : [context.networks.chooseSubnet(), ...subnets];
}

const ipv4First = (one: Subnet, other: Subnet): number =>
  Number(one.subnet.includes(':')) - Number(other.subnet.includes(':'));

function bridgeName(name: string): string {
  if (/^[^\s/:]{1,15}$/.test(name)) return name;
  throw invalid('Options', `invalid name of a bridge: ${name}`, 'It has at most 15 bytes.');
}

function mtuOf(given: string | undefined): number {
  if (given === undefined) return 0;
  const mtu = Number(given);
  if (/^\d+$/.test(given) && mtu >= 68 && mtu <= 65_535) return mtu;
  throw invalid('Options', `invalid MTU: ${given}`, 'It is a number from 68 to 65535.');
}
