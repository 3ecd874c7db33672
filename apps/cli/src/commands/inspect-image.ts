import { defineCommand, type Command } from '../command.js';
import { image, inspect, inspectFlags } from './inspect.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: inspectFlags,
  args: [1, Infinity],
  run: ({ cli, flags, args }) => inspect(cli, args, image, flags),
});
