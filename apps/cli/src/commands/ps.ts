import type { ContainerListOptions } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { bool, list, parseInteger, value } from '../flags/flag.js';
import { parseFilter, filtersOf } from '../flags/filter.js';
import { containerList } from '../format/container-list.js';
import { listFlags, printList } from '../format/list.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    ...listFlags,
    all: bool('Show all containers (default shows just running)', { short: 'a' }),
    filter: list('Filter output based on conditions provided', {
      short: 'f',
      value: 'filter',
      parse: parseFilter,
    }),
    last: value('Show n last created containers (includes all states)', {
      short: 'n',
      value: 'int',
      parse: parseInteger,
    }),
    latest: bool('Show the latest created container (includes all states)', { short: 'l' }),
    noTrunc: bool("Don't truncate output"),
    quiet: bool('Only display container IDs', { short: 'q' }),
    size: bool('Display total file sizes', { short: 's' }),
  },
  args: [0, 0],
  examples: ['ns ps -a --filter status=exited', "ns ps --format 'table {{.Names}}\\t{{.Status}}'"],
  async run({ cli, flags }) {
    const limit = flags.latest ? 1 : (flags.last ?? 0);
    const size = flags.size || (flags.format ?? '').includes('.Size');
    const query: ContainerListOptions = {
      ...(flags.all ? { all: true } : {}),
      ...(limit > 0 ? { limit } : {}),
      ...(size ? { size } : {}),
      ...(flags.filter.length === 0 ? {} : { filters: filtersOf(flags.filter) }),
    };
    const engine = await cli.engine();
    printList(cli, await engine.containerList(query), containerList(!flags.noTrunc, flags.size), flags);
    return 0;
  },
});
