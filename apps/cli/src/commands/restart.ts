import { defineCommand, type Command } from '../command.js';
import { exitCodeOfEach } from './each.js';
import { stopFlags, stopQuery } from './stop.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: stopFlags,
  args: [1, Infinity],
  async run({ cli, flags, args }) {
    const engine = await cli.engine();
    return exitCodeOfEach(cli, args, (name) => engine.containerRestart(name, stopQuery(flags)));
  },
});
