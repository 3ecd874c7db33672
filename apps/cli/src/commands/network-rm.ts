import { EngineApiError } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { bool } from '../flags/flag.js';
import { each } from './each.js';

export const command: Command = defineCommand({
  usage: 'NETWORK [NETWORK...]',
  flags: { force: bool('Do not error if the network does not exist', { short: 'f' }) },
  args: [1, Infinity],
  async run({ cli, flags, args }) {
    const engine = await cli.engine();
    let forgiven = 0;
    const failed = await each(cli, args, async (name) => {
      try {
        await engine.networkRemove(name);
      } catch (error) {
        if (flags.force && EngineApiError.is(error) && error.status === 404) forgiven += 1;
        throw error;
      }
    });
    return failed.length === forgiven ? 0 : 1;
  },
});
