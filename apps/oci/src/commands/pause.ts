import { defineCommand, type Command } from '../command-line/command.js';
import { pauseContainer } from '../runtime/freeze.js';

/** `ns-oci pause`. */
export const command: Command = defineCommand({
  summary: 'Stop all processes of a container where they are.',
  usage: '<container-id>',
  flags: {},
  args: [1, 1],
  async run({ global, args }) {
    await pauseContainer(global.root, args[0]!);
    return 0;
  },
});
