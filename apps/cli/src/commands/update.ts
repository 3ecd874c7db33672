import { defineCommand, type Command } from '../command.js';
import { omitEmpty } from '../create/request.js';
import { updateFlags, updateOf } from '../create/resources.js';
import { parseRestart } from '../create/values.js';
import { value } from '../flags/flag.js';
import { exitCodeOfEach } from './each.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    ...updateFlags,
    restart: value('Restart policy to apply when a container exits', { parse: parseRestart }),
  },
  args: [1, Infinity],
  examples: ['ns update --memory 512m --memory-swap 1g web', 'ns update --cpus 1.5 web worker'],
  async run({ cli, flags, args }) {
    const update = omitEmpty({ ...updateOf(flags), RestartPolicy: flags.restart });
    if (Object.keys(update).length === 0) {
      throw new Error('you must provide one or more flags when using this command');
    }
    const engine = await cli.engine();
    return exitCodeOfEach(cli, args, async (name) => {
      const { Warnings } = await engine.containerUpdate(name, update);
      for (const warning of Warnings ?? []) cli.warn(warning);
    });
  },
});
