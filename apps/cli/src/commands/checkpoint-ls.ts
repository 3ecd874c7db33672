import { defineCommand, type Command } from '../command.js';
import { value } from '../flags/flag.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  flags: { checkpointDir: value('Use a custom checkpoint storage directory') },
  args: [1, 1],
  async run({ cli, flags, args: [container = ''] }) {
    const engine = await cli.engine();
    const names = (await engine.checkpointList(container, flags.checkpointDir)).map(({ Name }) => Name);
    cli.print(['CHECKPOINT NAME', ...names].join('\n'));
    return 0;
  },
});
