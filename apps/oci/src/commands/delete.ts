import { deleteFlags } from '../command-line/container-flags.js';
import { defineCommand, type Command } from '../command-line/command.js';
import { deleteContainer } from '../runtime/destroy.js';

/** `ns-oci delete`. */
export const command: Command = defineCommand({
  summary: 'Remove what a container that has ended leaves.',
  usage: '<container-id>',
  flags: deleteFlags,
  args: [1, 1],
  async run({ global, flags, args, warn }) {
    await deleteContainer(global.root, args[0]!, { force: flags.force, warn });
    return 0;
  },
});
