import { defineCommand, type Command } from '../command.js';
import { bool, boolOn } from '../flags/flag.js';
import { historyList } from '../format/image-list.js';
import { listFlags, printList } from '../format/list.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] IMAGE',
  flags: {
    ...listFlags,
    human: boolOn('Print sizes and dates in human readable format (default true)', { short: 'H' }),
    noTrunc: bool("Don't truncate output"),
    quiet: bool('Only show image IDs', { short: 'q' }),
  },
  args: [1, 1],
  async run({ cli, flags, args: [image = ''] }) {
    const engine = await cli.engine();
    printList(cli, await engine.imageHistory(image), historyList(!flags.noTrunc, flags.human), flags);
    return 0;
  },
});
