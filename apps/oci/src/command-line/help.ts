import type { Command } from './command.js';
import type { Flags } from './flag.js';

/** What the help of a command line says of a command. */
export interface Summary {
  readonly summary: string;
}

/** The help without a command. */
export const rootHelp = (flags: Flags, commands: Readonly<Record<string, Summary>>): string =>
  [
    'Usage: ns-oci [global options] command [options] [arguments...]',
    `Commands:\n${columns(Object.entries(commands).map(([name, { summary }]) => [name, summary]))}`,
    `Global options:\n${flagHelp(flags)}`,
    '',
  ].join('\n\n');

/** The help of a command. */
export const commandHelp = (name: string, { summary, usage, flags }: Command): string =>
  [
    `Usage: ns-oci ${name} ${Object.keys(flags).length === 0 ? '' : '[options] '}${usage}`.trimEnd(),
    summary,
    ...(Object.keys(flags).length === 0 ? [] : [`Options:\n${flagHelp(flags)}`]),
    '',
  ].join('\n\n');

function flagHelp(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, flag]): [string, string] => {
    const value = flag.kind === 'switch' ? '' : ' value';
    return [`--${name}${flag.short === undefined ? '' : `, -${flag.short}`}${value}`, flag.help];
  });
  return columns(rows);
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
