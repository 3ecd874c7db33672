import { EngineApiError } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { bool } from '../flags/flag.js';
import { each } from './each.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    force: bool('Force the removal of a running container (uses SIGKILL)', { short: 'f' }),
    volumes: bool('Remove anonymous volumes associated with the container', { short: 'v' }),
  },
  args: [1, Infinity],
  async run({ cli, flags, args }) {
    const engine = await cli.engine();
    let missing = 0;
    const failed = await each(cli, args, async (name) => {
      try {
        await engine.containerRemove(name, { v: flags.volumes, force: flags.force });
      } catch (error) {
        if (EngineApiError.is(error) && error.status === 404) missing += 1;
        throw error;
      }
    });
    // Of what is to be gone, being gone is no failure.
    return failed.length === (flags.force ? missing : 0) ? 0 : 1;
  },
});
