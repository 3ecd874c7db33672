import { demux } from '@ns/engine-api';

import { defineCommand, type Command } from '../command.js';
import { bool, value } from '../flags/flag.js';
import { parseMoment } from '../format/moment.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  flags: {
    follow: bool('Follow log output', { short: 'f' }),
    since: value('Show logs since timestamp (2026-01-31T13:23:37Z) or relative (42m for 42 minutes)', {
      parse: (text) => parseMoment(text),
    }),
    tail: value('Number of lines to show from the end of the logs (default "all")', {
      short: 'n',
      parse: parseTail,
    }),
    timestamps: bool('Show timestamps', { short: 't' }),
    until: value('Show logs before a timestamp (2026-01-31T13:23:37Z) or relative (42m for 42 minutes)', {
      parse: (text) => parseMoment(text),
    }),
  },
  args: [1, 1],
  async run({ cli, flags, args: [name = ''] }) {
    const engine = await cli.engine();
    const { Id, Config } = await engine.containerInspect(name);
    const { stream } = await engine.containerLogs(Id, {
      stdout: true,
      stderr: true,
      follow: flags.follow,
      timestamps: flags.timestamps,
      tail: flags.tail ?? 'all',
      ...(flags.since === undefined ? {} : { since: flags.since }),
      ...(flags.until === undefined ? {} : { until: flags.until }),
    });
    if (Config.Tty !== true) await demux(stream, { stdout: cli.stdout, stderr: cli.stderr });
    else for await (const chunk of stream as AsyncIterable<Buffer>) await cli.write(chunk);
    return 0;
  },
});

function parseTail(text: string): string {
  if (text === 'all' || /^\d+$/.test(text)) return text;
  throw new Error('it is "all" or a number of lines');
}
