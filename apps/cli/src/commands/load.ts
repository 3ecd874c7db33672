import { defineCommand, type Command } from '../command.js';
import { bool, value } from '../flags/flag.js';
import { showProgress } from '../format/progress.js';
import { openArchive } from './archive.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    input: value('Read from tar archive file, instead of STDIN', { short: 'i' }),
    quiet: bool('Suppress the load output', { short: 'q' }),
  },
  args: [0, 0],
  async run({ cli, flags }) {
    const archive = await openArchive(cli, flags.input, 'load');
    const engine = await cli.engine();
    // Without a terminal nobody watches the layers; what was loaded is said all the same.
    const quiet = flags.quiet || !cli.stderr.isTTY;
    await showProgress(cli, engine.imageLoad(archive, { quiet }), false);
    return 0;
  },
});
