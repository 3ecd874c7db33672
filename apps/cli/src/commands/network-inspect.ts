import { defineCommand, type Command } from '../command.js';
import { bool } from '../flags/flag.js';
import { inspect, inspectFlags, network } from './inspect.js';

export const command: Command = defineCommand({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  flags: { ...inspectFlags, verbose: bool('Verbose output for diagnostics', { short: 'v' }) },
  args: [1, Infinity],
  run: ({ cli, flags, args }) => inspect(cli, args, network(flags.verbose), flags),
});
