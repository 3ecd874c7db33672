import { defineCommand, type Command } from '../command.js';
import { Failure } from '../failure.js';
import { filtersOf, parseFilter } from '../flags/filter.js';
import { bool, list } from '../flags/flag.js';
import { confirm } from '../session/confirm.js';

const WARNING = 'WARNING! This will remove all custom networks not used by at least one container.';

export const command: Command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    filter: list("Provide filter values, as 'until=24h'", { value: 'filter', parse: parseFilter }),
    force: bool('Do not prompt for confirmation', { short: 'f' }),
  },
  args: [0, 0],
  async run({ cli, flags: { filter, force } }) {
    if (!force && !(await confirm(cli, WARNING))) throw new Failure(1, 'network prune has been cancelled');
    const engine = await cli.engine();
    const { NetworksDeleted } = await engine.networkPrune(
      filter.length === 0 ? {} : { filters: filtersOf(filter) },
    );
    const names = NetworksDeleted ?? [];
    if (names.length > 0) cli.print(['Deleted Networks:', ...names, ''].join('\n'));
    return 0;
  },
});
