import { EngineApiError } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { bool } from '../flags/flag.js';
import { reportLines, reportOf } from '../report.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    force: bool('Force removal of the image', { short: 'f' }),
    noPrune: bool('Do not delete untagged parents'),
  },
  args: [1, Infinity],
  async run({ cli, flags, args }) {
    const engine = await cli.engine();
    let exitCode = 0;
    // One after the other: the names of one image depend on each other.
    for (const name of args) {
      try {
        for (const { Untagged, Deleted } of await engine.imageRemove(name, {
          force: flags.force,
          noprune: flags.noPrune,
        })) {
          cli.print(Deleted === undefined ? `Untagged: ${Untagged ?? ''}` : `Deleted: ${Deleted}`);
        }
      } catch (error) {
        cli.warn(reportLines(reportOf(error)));
        const gone = EngineApiError.is(error) && error.status === 404;
        if (!(flags.force && gone)) exitCode = 1;
      }
    }
    return exitCode;
  },
});
