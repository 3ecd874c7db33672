import { defineCommand, type Command } from '../command.js';
import { exitCodeOfEach } from './each.js';

export const command: Command = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  flags: {},
  args: [1, Infinity],
  async run({ cli, args }) {
    const engine = await cli.engine();
    return exitCodeOfEach(cli, args, (name) => engine.containerUnpause(name));
  },
});
