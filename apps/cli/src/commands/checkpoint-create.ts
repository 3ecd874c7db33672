import { defineCommand, type Command } from '../command.js';
import { bool, value } from '../flags/flag.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER CHECKPOINT',
  flags: {
    checkpointDir: value('Use a custom checkpoint storage directory'),
    leaveRunning: bool('Leave the container running after checkpoint'),
  },
  args: [2, 2],
  examples: ['ns checkpoint create web before-update', 'ns start --checkpoint before-update web'],
  async run({ cli, flags, args: [container = '', name = ''] }) {
    const engine = await cli.engine();
    await engine.checkpointCreate(container, {
      CheckpointID: name,
      Exit: !flags.leaveRunning,
      ...(flags.checkpointDir === undefined ? {} : { CheckpointDir: flags.checkpointDir }),
    });
    cli.print(name);
    return 0;
  },
});
