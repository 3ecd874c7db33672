import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { defineCommand, type Command } from '../command.js';
import { Failure } from '../failure.js';
import { value } from '../flags/flag.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: { output: value('Write to a file, instead of STDOUT', { short: 'o' }) },
  args: [1, Infinity],
  async run({ cli, flags: { output }, args }) {
    if (output === undefined && cli.stdout.isTTY) {
      throw new Failure(1, 'cowardly refusing to save to a terminal', { hint: 'use -o, or redirect' });
    }
    const engine = await cli.engine();
    const archive = await engine.imageSave(args);
    if (output === undefined) {
      for await (const chunk of archive as AsyncIterable<Buffer>) await cli.write(chunk);
      return 0;
    }
    // The file has its name when it is complete.
    const partial = `${output}.${process.pid}.partial`;
    try {
      await pipeline(archive, createWriteStream(partial, { flags: 'wx', mode: 0o600 }));
      await rename(partial, output);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return 0;
  },
});
