import { defineCommand, type Command } from '../command-line/command.js';
import { resumeContainer } from '../runtime/freeze.js';

/** `ns-oci resume`. */
export const command: Command = defineCommand({
  summary: 'Let the processes of a paused container run on.',
  usage: '<container-id>',
  flags: {},
  args: [1, 1],
  run({ global, args }) {
    resumeContainer(global.root, args[0]!);
    return Promise.resolve(0);
  },
});
