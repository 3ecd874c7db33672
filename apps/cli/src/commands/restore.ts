import { defineCommand, type Command } from '../command.js';
import { value } from '../flags/flag.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER CHECKPOINT',
  flags: { checkpointDir: value('Use a custom checkpoint storage directory') },
  args: [2, 2],
  examples: ['ns restore web before-update'],
  async run({ cli, flags, args: [container = '', checkpoint = ''] }) {
    const engine = await cli.engine();
    await engine.containerStart(container, {
      checkpoint,
      ...(flags.checkpointDir === undefined ? {} : { 'checkpoint-dir': flags.checkpointDir }),
    });
    cli.print(container);
    return 0;
  },
});
