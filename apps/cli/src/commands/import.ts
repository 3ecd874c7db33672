import { defineCommand, type Command } from '../command.js';
import { Failure } from '../failure.js';
import { list, value } from '../flags/flag.js';
import { splitReference } from '../format/image-list.js';
import { showProgress } from '../format/progress.js';
import { openArchive } from './archive.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] FILE|- [REPOSITORY[:TAG]]',
  flags: {
    change: list('Apply Dockerfile instruction to the created image', { short: 'c' }),
    message: value('Set commit message for imported image', { short: 'm' }),
  },
  args: [1, 2],
  examples: ['ns import rootfs.tar.gz debian:12', `tar -C rootfs -c . | ns import -c 'CMD ["sh"]' - mine`],
  async run({ cli, flags, args: [path = '', name] }) {
    if (/^https?:\/\//.test(path)) {
      throw new Failure(1, 'an address cannot be imported', {
        hint: `fetch it: curl -sSL ${path} | ns import -`,
      });
    }
    const archive = await openArchive(cli, path, 'import');
    const { repository, tag } = splitReference(name ?? '');
    const engine = await cli.engine();
    const messages = engine.imageImport(archive, {
      ...(name === undefined ? {} : { repo: repository, tag }),
      ...(flags.message === undefined ? {} : { message: flags.message }),
      ...(flags.change.length === 0 ? {} : { changes: [...flags.change] }),
    });
    await showProgress(cli, messages, false);
    return 0;
  },
});
