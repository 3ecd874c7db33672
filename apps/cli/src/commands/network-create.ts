import { defineCommand, type Command } from '../command.js';
import { ipamOf } from '../create/ipam.js';
import { omitEmpty } from '../create/request.js';
import { mapOf, parseLabel, parsePair } from '../create/values.js';
import { bool, boolOn, list, value } from '../flags/flag.js';

/** Several values may stand in one, with commas between them. */
const commas = (text: string): string[] => text.split(',');

export const command: Command = defineCommand({
  usage: '[OPTIONS] NETWORK',
  flags: {
    attachable: bool('Enable manual container attachment'),
    auxAddress: list('Auxiliary IPv4 or IPv6 addresses used by Network driver', {
      value: 'map',
      parse: parsePair,
    }),
    configFrom: value('The network from which to copy the configuration'),
    configOnly: bool('Create a configuration only network'),
    driver: value('Driver to manage the Network (default "bridge")', { short: 'd' }),
    gateway: list('IPv4 or IPv6 Gateway for the master subnet', { value: 'ipSlice', parse: commas }),
    ingress: bool('Create swarm routing-mesh network'),
    internal: bool('Restrict external access to the network'),
    ipRange: list('Allocate container ip from a sub-range', { value: 'ipNetSlice', parse: commas }),
    ipamDriver: value('IP Address Management Driver (default "default")'),
    ipamOpt: list('Set IPAM driver specific options', { value: 'map', parse: parsePair }),
    ipv4: boolOn('Enable or disable IPv4 address assignment'),
    ipv6: bool('Enable or disable IPv6 address assignment'),
    label: list('Set metadata on a network', { parse: parseLabel }),
    opt: list('Set driver specific options', { short: 'o', value: 'map', parse: parsePair }),
    scope: value("Control the network's scope"),
    subnet: list('Subnet in CIDR format that represents a network segment', {
      value: 'strings',
      parse: commas,
    }),
  },
  args: [1, 1],
  examples: [
    'ns network create backend',
    'ns network create --subnet 10.5.0.0/16 --gateway 10.5.0.254 --ip-range 10.5.1.0/24 backend',
    'ns network create --internal --ipv6 --subnet fd00:5::/64 inner',
  ],
  async run({ cli, flags, given, args: [name = ''] }) {
    const config = ipamOf({
      subnets: flags.subnet.flat(),
      ranges: flags.ipRange.flat(),
      gateways: flags.gateway.flat(),
      others: mapOf(flags.auxAddress),
    });
    const request = omitEmpty({
      Driver: flags.driver ?? 'bridge',
      Scope: flags.scope,
      ConfigFrom: flags.configFrom === undefined ? undefined : { Network: flags.configFrom },
      IPAM: { Driver: flags.ipamDriver ?? 'default', Options: mapOf(flags.ipamOpt), Config: config },
      Options: mapOf(flags.opt),
      Labels: mapOf(flags.label),
    });
    const engine = await cli.engine();
    const { Id, Warning } = await engine.networkCreate({
      Name: name,
      ...request,
      ...(flags.attachable ? { Attachable: true } : {}),
      ...(flags.configOnly ? { ConfigOnly: true } : {}),
      ...(flags.ingress ? { Ingress: true } : {}),
      ...(flags.internal ? { Internal: true } : {}),
      ...(given.has('ipv4') ? { EnableIPv4: flags.ipv4 } : {}),
      ...(given.has('ipv6') ? { EnableIPv6: flags.ipv6 } : {}),
    });
    if (Warning !== '') cli.warn(`WARNING: ${Warning}`);
    cli.print(Id);
    return 0;
  },
});
