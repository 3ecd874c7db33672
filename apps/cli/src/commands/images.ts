import { defineCommand, type Command } from '../command.js';
import { filtersOf, parseFilter } from '../flags/filter.js';
import { bool, list } from '../flags/flag.js';
import { imageList, imageRows } from '../format/image-list.js';
import { listFlags, printList } from '../format/list.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  flags: {
    ...listFlags,
    all: bool('Show all images (default hides intermediate images)', { short: 'a' }),
    digests: bool('Show digests'),
    filter: list('Filter output based on conditions provided', {
      short: 'f',
      value: 'filter',
      parse: parseFilter,
    }),
    noTrunc: bool("Don't truncate output"),
    quiet: bool('Only show image IDs', { short: 'q' }),
  },
  args: [0, 1],
  async run({ cli, flags, args: [reference] }) {
    const pairs =
      reference === undefined ? flags.filter : [...flags.filter, ['reference', reference] as const];
    const engine = await cli.engine();
    const images = await engine.imageList({
      ...(flags.all ? { all: true } : {}),
      ...(pairs.length === 0 ? {} : { filters: filtersOf(pairs) }),
    });
    const digests = flags.digests || (flags.format ?? '').includes('.Digest');
    printList(cli, imageRows(images, digests), imageList(!flags.noTrunc, flags.digests), flags);
    return 0;
  },
});
