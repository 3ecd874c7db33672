import { Command, Option as Flag } from 'commander';

import { readAt } from './kind.js';
import { allOptions, flagOf, type Given, type Key, type Option } from './table.js';

/** Where the configuration file is that need not exist. */
export const CONFIG_FILE = '/etc/ns/daemon.json';

/** What is on the command line. */
export interface CommandLine {
  readonly given: Given;
  /** The file that was named; undefined: the usual one. */
  readonly configFile: string | undefined;
  /** Check the configuration, and start nothing. */
  readonly isValidating: boolean;
}

/** The command line; `ns-daemon --help` prints it. */
export function createCommand(version: string): Command {
  const command = new Command('ns-daemon')
    .description('The ns engine: runs containers, and serves the Docker Engine API on a Unix socket.')
    .version(`ns-daemon ${version}`, '-v, --version', 'print the version')
    .helpOption('--help', 'print this')
    .option('--config-file <file>', `the configuration file (default: "${CONFIG_FILE}" if there is one)`)
    .option('--validate', 'check the configuration, say what is wrong with it, and start nothing')
    .allowExcessArguments(false);
  for (const [, option] of allOptions()) command.addOption(commanderOption(option));
  return command;
}

/** Commander collects words; what they mean is read when it is known that they are all there. */
function commanderOption(option: Option<unknown>): Flag {
  const shown = shownDefault(option, '"');
  const help = option.help.replaceAll('`', '');
  const flag = new Flag(option.flags, shown === '' ? help : `${help} (default: ${shown})`);
  if (option.kind.choices !== undefined) return flag.choices([...option.kind.choices]);
  if (option.kind.isList)
    flag.argParser((word: string, before: readonly string[] | undefined) => [...(before ?? []), word]);
  return flag;
}

/** The default: as it would be written, between quotation marks of this kind, or in words. */
export function shownDefault({ default: value, shown, kind }: Option<unknown>, mark: '"' | '`'): string {
  if (shown !== undefined) return shown;
  return value === undefined || value === false ? '' : `${mark}${kind.show(value)}${mark}`;
}

/**
 * Read the command line.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the flag; `CommanderError` for a flag that there is not, and for
 * `--help`.
 */
export function parseFlags(command: Command, argv: readonly string[]): CommandLine {
  command.parse(argv, { from: 'user' });
  const words = command.opts<Readonly<Record<string, string | boolean | string[] | undefined>>>();
  const given: Partial<Record<Key, unknown>> = {};
  for (const [key, option] of allOptions()) {
    const name = new Flag(option.flags).attributeName();
    const found = words[name];
    if (found === undefined) continue;
    const texts = typeof found === 'boolean' ? [String(found)] : [found].flat();
    given[key] = readAt(flagOf(option), () => option.kind.ofFlag(texts));
  }
  const { configFile, validate } = words;
  return {
    given: given as Given,
    configFile: typeof configFile === 'string' ? configFile : undefined,
    isValidating: validate === true,
  };
}
