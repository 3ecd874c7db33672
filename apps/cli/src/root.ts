import { Cli, type CliOptions } from './cli.js';
import { aliases, managementGroups, rootGroups, type Entry } from './commands/index.js';
import { UsageFailure } from './failure.js';
import { bool, list, type Flags } from './flags/flag.js';
import { flagHelp, twoColumns } from './flags/help.js';
import { nearest } from './flags/nearest.js';
import { FlagError, parseFlags } from './flags/parse.js';
import { VERSION } from './version.js';

const flags = {
  debug: bool('Say more of what is done', { short: 'D' }),
  help: bool('Print usage', { short: 'h' }),
  host: list('Engine to connect to (default NS_HOST, DOCKER_HOST, or unix:///run/ns/ns.sock)', {
    short: 'H',
  }),
  version: bool('Print version information and quit', { short: 'v' }),
} satisfies Flags;

/**
 * Call the command that the words name.
 *
 * @returns The exit code.
 */
export async function main(
  words: readonly string[],
  streams: Omit<CliOptions, 'host' | 'debug'>,
): Promise<number> {
  const { values, positional } = globalFlags(words);
  const hosts = values['host'] as readonly string[];
  if (hosts.length > 1) throw new UsageFailure('', 'specify only one -H');
  const cli = new Cli({ ...streams, host: hosts[0], debug: values['debug'] === true });
  if (values['version'] === true) {
    cli.print(`ns version ${VERSION}`);
    return 0;
  }
  const [name, ...rest] = positional;
  if (name === undefined || values['help'] === true) {
    cli.print(help());
    return 0;
  }
  if (name === 'help') return main(rest.length === 0 ? ['--help'] : [...rest, '--help'], streams);
  return Object.hasOwn(managementGroups, name) ? group(cli, name, rest) : call(cli, '', name, rest);
}

function globalFlags(words: readonly string[]): ReturnType<typeof parseFlags> {
  try {
    return parseFlags(flags, words, false);
  } catch (error) {
    if (error instanceof FlagError) throw new UsageFailure('', error.message);
    throw error;
  }
}

const rootEntries = (): Entry[] => rootGroups.flatMap(({ entries }) => [...entries]);

async function call(cli: Cli, prefix: string, name: string, words: readonly string[]): Promise<number> {
  const entries = prefix === '' ? rootEntries() : (managementGroups[prefix]?.entries ?? []);
  const full = prefix === '' ? name : `${prefix} ${name}`;
  const wanted = (aliases[full] ?? full).split(' ').at(-1);
  const entry = entries.find((one) => one.name === wanted);
  if (entry === undefined) throw unknown(prefix, full, name, entries);
  const { command } = await entry.load();
  return command.call(cli, full, entry.summary, words);
}

function unknown(prefix: string, full: string, name: string, entries: readonly Entry[]): UsageFailure {
  const known = [...entries.map((one) => one.name), ...(prefix === '' ? Object.keys(managementGroups) : [])];
  const meant = nearest(name, known);
  const suggestion =
    meant === undefined ? '' : `, did you mean '${prefix === '' ? '' : `${prefix} `}${meant}'?`;
  return new UsageFailure(prefix, `'${full}' is not an ns command${suggestion}`, 1);
}

async function group(cli: Cli, name: string, words: readonly string[]): Promise<number> {
  const [first, ...rest] = words;
  if (first !== undefined && !first.startsWith('-')) return call(cli, name, first, rest);
  if (first !== undefined && !['--help', '-h'].includes(first)) {
    throw new UsageFailure(name, `unknown flag: ${first}`);
  }
  const { title, entries } = managementGroups[name] ?? { title: '', entries: [] };
  cli.print(
    [
      `Usage:  ns ${name} COMMAND`,
      title,
      `Commands:\n${rows(entries)}`,
      `Run 'ns ${name} COMMAND --help' for more information on a command.`,
    ].join('\n\n'),
  );
  return 0;
}

const rows = (entries: readonly { name: string; summary: string }[]): string =>
  twoColumns(entries.map(({ name, summary }) => [`  ${name}`, summary] as const));

function help(): string {
  const management = Object.entries(managementGroups).map(([name, { title }]) => ({ name, summary: title }));
  const [common, ...others] = rootGroups.map(({ title, entries }) => `${title}:\n${rows(entries)}`);
  return [
    'Usage:  ns [OPTIONS] COMMAND',
    'Containers that are programs of system calls',
    common,
    `Management Commands:\n${rows(management)}`,
    ...others,
    `Global Options:\n${flagHelp(flags)}`,
    "Run 'ns COMMAND --help' for more information on a command.",
  ].join('\n\n');
}
