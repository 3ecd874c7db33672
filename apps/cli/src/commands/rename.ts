import { defineCommand, type Command } from '../command.js';
import { Failure } from '../failure.js';

export const command: Command = defineCommand({
  usage: 'CONTAINER NEW_NAME',
  flags: {},
  args: [2, 2],
  async run({ cli, args: [from = '', to = ''] }) {
    if (from.trim() === '' || to.trim() === '') {
      throw new Failure(1, 'Error: Neither old nor new names may be empty');
    }
    const engine = await cli.engine();
    await engine.containerRename(from, to);
    return 0;
  },
});
