import { defineCommand, type Command } from '../command.js';
import { bool } from '../flags/flag.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  flags: { force: bool('Force the container to disconnect from a network', { short: 'f' }) },
  args: [2, 2],
  async run({ cli, flags, args: [network = '', container = ''] }) {
    const engine = await cli.engine();
    await engine.networkDisconnect(network, { Container: container, Force: flags.force });
    return 0;
  },
});
