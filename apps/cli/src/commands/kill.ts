import { defineCommand, type Command } from '../command.js';
import { value } from '../flags/flag.js';
import { exitCodeOfEach } from './each.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: { signal: value('Signal to send to the container (default KILL)', { short: 's' }) },
  args: [1, Infinity],
  async run({ cli, flags, args }) {
    const engine = await cli.engine();
    return exitCodeOfEach(cli, args, (name) => engine.containerKill(name, flags.signal));
  },
});
