import type { PortBinding } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';

export const command: Command = defineCommand({
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  flags: {},
  args: [1, 2],
  async run({ cli, args: [name = '', wanted] }) {
    const engine = await cli.engine();
    const { NetworkSettings } = await engine.containerInspect(name);
    const ports = Object.entries(NetworkSettings.Ports ?? {});
    if (wanted === undefined) {
      for (const line of ports
        .flatMap(([port, at]) => (at ?? []).map((one) => `${port} -> ${text(one)}`))
        .toSorted()) {
        cli.print(line);
      }
      return 0;
    }
    const port = wanted.includes('/') ? wanted : `${wanted}/tcp`;
    const at = ports.find(([one]) => one === port)?.[1] ?? [];
    if (at.length === 0) throw new Error(`no public port '${port}' published for ${name}`);
    for (const one of at) cli.print(text(one));
    return 0;
  },
});

const text = ({ HostIp = '', HostPort = '' }: PortBinding): string =>
  HostIp.includes(':') ? `[${HostIp}]:${HostPort}` : `${HostIp}:${HostPort}`;
