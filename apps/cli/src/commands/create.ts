import { defineCommand, type Command } from '../command.js';
import { createContainer, requestOf } from '../create/create-container.js';
import { createFlags } from '../create/flags.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: createFlags,
  args: [1, Infinity],
  passesOn: true,
  async run(invocation) {
    const { cli, flags } = invocation;
    const { id } = await createContainer(cli, () => cli.engine(), requestOf(invocation), flags.name);
    cli.print(id);
    return 0;
  },
});
