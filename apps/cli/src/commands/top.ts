import { defineCommand, type Command } from '../command.js';
import { table } from '../format/table.js';
import { visible } from '../format/width.js';

export const command: Command = defineCommand({
  usage: 'CONTAINER [ps OPTIONS]',
  flags: {},
  args: [1, Infinity],
  passesOn: true,
  async run({ cli, args: [name = '', ...options] }) {
    const engine = await cli.engine();
    const { Titles, Processes } = await engine.containerTop(
      name,
      options.length === 0 ? undefined : options.join(' '),
    );
    const rows = (Processes ?? []).map((row) => row.map(visible));
    cli.print(table([Titles, ...rows], { minWidth: 20, padding: 3 }));
    return 0;
  },
});
