import { defineCommand, type Command } from '../command.js';
import { value } from '../flags/flag.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER CHECKPOINT',
  flags: { checkpointDir: value('Use a custom checkpoint storage directory') },
  args: [2, 2],
  async run({ cli, flags, args: [container = '', name = ''] }) {
    const engine = await cli.engine();
    await engine.checkpointDelete(container, name, flags.checkpointDir);
    return 0;
  },
});
