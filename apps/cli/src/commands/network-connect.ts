import type { EndpointSettings } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { addressParser, parseLink } from '../create/network.js';
import { omitEmpty } from '../create/request.js';
import { mapOf, parsePair } from '../create/values.js';
import { list, parseInteger, value } from '../flags/flag.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  flags: {
    alias: list('Add network-scoped alias for the container'),
    driverOpt: list('driver options for the network', { parse: parsePair }),
    gwPriority: value('Highest gw-priority provides the default gateway', {
      value: 'int',
      parse: parseInteger,
    }),
    ip: value('IPv4 address: 172.30.100.104', { value: 'ip', parse: addressParser(4) }),
    ip6: value('IPv6 address: 2001:db8::33', { value: 'ip', parse: addressParser(6) }),
    link: list('Add link to another container', { parse: parseLink }),
    linkLocalIp: list('Add a link-local address for the container'),
  },
  args: [2, 2],
  examples: ['ns network connect --alias db backend postgres'],
  async run({ cli, flags, args: [network = '', container = ''] }) {
    const ipam = omitEmpty({
      IPv4Address: flags.ip,
      IPv6Address: flags.ip6,
      LinkLocalIPs: [...flags.linkLocalIp],
    });
    const settings: EndpointSettings = omitEmpty({
      IPAMConfig: ipam,
      Aliases: [...flags.alias],
      Links: [...flags.link],
      DriverOpts: mapOf(flags.driverOpt),
      GwPriority: flags.gwPriority,
    });
    const engine = await cli.engine();
    await engine.networkConnect(network, { Container: container, EndpointConfig: settings });
    return 0;
  },
});
