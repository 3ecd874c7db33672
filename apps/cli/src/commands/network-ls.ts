import { defineCommand, type Command } from '../command.js';
import { filtersOf, parseFilter } from '../flags/filter.js';
import { bool, list } from '../flags/flag.js';
import { listFlags, printList } from '../format/list.js';
import { networkList } from '../format/network-list.js';

/** `net2` before `net10`, as Docker sorts. */
const natural = new Intl.Collator('en', { numeric: true });

export const command: Command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    ...listFlags,
    filter: list("Provide filter values, as 'driver=bridge'", {
      short: 'f',
      value: 'filter',
      parse: parseFilter,
    }),
    noTrunc: bool("Don't truncate output"),
    quiet: bool('Only display network IDs', { short: 'q' }),
  },
  args: [0, 0],
  async run({ cli, flags }) {
    const engine = await cli.engine();
    const { filter } = flags;
    const networks = await engine.networkList(filter.length === 0 ? {} : { filters: filtersOf(filter) });
    const sorted = networks.toSorted((a, b) => natural.compare(a.Name, b.Name));
    printList(cli, sorted, networkList(!flags.noTrunc), flags);
    return 0;
  },
});
