import { defineCommand, type Command } from '../command.js';
import { Failure } from '../failure.js';
import { splitReference } from '../format/image-list.js';

export const command: Command = defineCommand({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  flags: {},
  args: [2, 2],
  async run({ cli, args: [source = '', target = ''] }) {
    if (target.includes('@')) throw new Failure(1, 'refusing to create a tag with a digest reference');
    const { repository, tag } = splitReference(target);
    if (repository === '')
      throw new Failure(
        1,
        `${JSON.stringify(target)} is not a valid repository/tag: invalid reference format`,
      );
    const engine = await cli.engine();
    await engine.imageTag(source, repository, tag);
    return 0;
  },
});
