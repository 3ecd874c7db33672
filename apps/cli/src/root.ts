import { nearest } from '@ns/errors';

import { Cli, type CliOptions } from './cli.js';
import { aliases, managementGroups, rootGroups, type Entry } from './commands/index.js';
import { Failure, UsageFailure } from './failure.js';
import { bool, list, type Flags } from './flags/flag.js';
import { columnFor, flagHelp, twoColumns } from './flags/help.js';
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
 * Call the command that the words name, and tell the user of what goes wrong.
 *
 * @returns The exit code.
 */
export async function main(
  words: readonly string[],
  streams: Omit<CliOptions, 'host' | 'debug'>,
): Promise<number> {
  try {
    return await dispatch(words, streams);
  } catch (error) {
    const { reportLines, reportOf } = await import('./report.js');
    const report = reportOf(error);
    if (report.message !== '') streams.stderr().write(`${reportLines(report)}\n`);
    if (['-D', '--debug'].includes(words[0] ?? '')) {
      streams.stderr().write(`${error instanceof Error ? error.stack : ''}\n`);
    }
    return error instanceof Failure ? error.exitCode : 1;
  }
}

async function dispatch(
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
  if (name === 'help') return dispatch(rest.length === 0 ? ['--help'] : [...rest, '--help'], streams);
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
  const wanted = (Object.hasOwn(aliases, full) ? (aliases[full] ?? full) : full).split(' ').at(-1);
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
      `Commands:\n${twoColumns(rowsOf(entries))}`,
      `Run 'ns ${name} COMMAND --help' for more information on a command.`,
    ].join('\n\n'),
  );
  return 0;
}

const rowsOf = (entries: readonly { name: string; summary: string }[]): (readonly [string, string])[] =>
  entries.map(({ name, summary }) => [`  ${name}`, summary]);

function help(): string {
  const management = Object.entries(managementGroups).map(([name, { title }]) => ({ name, summary: title }));
  // One column for all groups.
  const column = columnFor(rowsOf([...rootEntries(), ...management]));
  const block = (title: string, entries: readonly { name: string; summary: string }[]): string =>
    `${title}:\n${twoColumns(rowsOf(entries), column)}`;
  const [common, ...others] = rootGroups.map(({ title, entries }) => block(title, entries));
  return [
    'Usage:  ns [OPTIONS] COMMAND',
    'Containers that are programs of system calls',
    common,
    block('Management Commands', management),
    ...others,
    `Global Options:\n${flagHelp(flags)}`,
    "Run 'ns COMMAND --help' for more information on a command.",
  ].join('\n\n');
}
