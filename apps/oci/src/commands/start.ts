import { defineCommand, type Command } from '../command-line/command.js';
import { startContainer } from '../runtime/start.js';

/** `ns-oci start`. */
export const command: Command = defineCommand({
  summary: 'Run the program of a container that was created.',
  usage: '<container-id>',
  flags: {},
  args: [1, 1],
  async run({ global, args, warn }) {
    await startContainer(global.root, args[0]!, { warn });
    return 0;
  },
});
