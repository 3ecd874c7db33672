import { defineCommand, type Command } from '../command.js';
import { parseInteger, value, type Flag } from '../flags/flag.js';
import { exitCodeOfEach } from './each.js';

/** The flags of `stop` and `restart`. */
export const stopFlags: {
  readonly signal: Flag<string | undefined>;
  readonly timeout: Flag<number | undefined>;
} = {
  signal: value('Signal to send to the container', { short: 's' }),
  timeout: value('Seconds to wait before killing the container', {
    short: 't',
    value: 'int',
    parse: parseInteger,
    aliases: ['time'],
  }),
};

/** The query of `stop` and `restart`. */
export function stopQuery(flags: {
  readonly signal: string | undefined;
  readonly timeout: number | undefined;
}): {
  signal?: string;
  t?: number;
} {
  return {
    ...(flags.signal === undefined ? {} : { signal: flags.signal }),
    ...(flags.timeout === undefined ? {} : { t: flags.timeout }),
  };
}

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: stopFlags,
  args: [1, Infinity],
  async run({ cli, flags, args }) {
    const engine = await cli.engine();
    return exitCodeOfEach(cli, args, (name) => engine.containerStop(name, stopQuery(flags)));
  },
});
