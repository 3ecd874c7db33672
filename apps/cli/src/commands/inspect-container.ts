import { defineCommand, type Command } from '../command.js';
import { bool } from '../flags/flag.js';
import { container, inspect, inspectFlags } from './inspect.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: { ...inspectFlags, size: bool('Display total file sizes', { short: 's' }) },
  args: [1, Infinity],
  run: ({ cli, flags, args }) => inspect(cli, args, container(flags.size), flags),
});
