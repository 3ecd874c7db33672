import type { Cli } from '../cli.js';
import { bool, value, type Flag } from '../flags/flag.js';
import { table } from './table.js';
import { compile, type Template } from './template/execute.js';
import { FUNCTIONS, type TemplateFunction } from './template/functions.js';
import { View } from './template/value.js';
import { visible } from './width.js';

/** How a kind of thing is listed. */
export interface ListDescription<T> {
  /** Each name that a template can use, with its column's title. */
  readonly headers: Readonly<Record<string, string>>;
  /** The columns of the table, by name. */
  readonly columns: readonly string[];
  /** What `-q` shows. */
  readonly quiet: string;
  readonly view: (item: T) => View;
  /** A colour for a cell of the table: an SGR code. */
  readonly colour?: (column: string, item: T) => number | undefined;
}

/** What the user asked for. */
export interface ListOptions {
  /** `table`, `table TEMPLATE`, `json`, a template, or nothing. */
  readonly format: string | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** The flags that every list has. */
export const listFlags: { readonly format: Flag<string | undefined>; readonly json: Flag<boolean> } = {
  format: value("Format output: 'table' (default), 'table TEMPLATE', 'json', or a Go template"),
  json: bool('Same as --format json'),
};

/** Print a list as the user asked for it. */
export function printList<T>(
  cli: Cli,
  items: readonly T[],
  list: ListDescription<T>,
  options: ListOptions,
): void {
  const format = options.json ? 'json' : (options.format ?? '');
  if (options.quiet && (format === '' || format === 'table')) {
    printLines(
      cli,
      items.map((item) => list.view(item).text(list.quiet)),
    );
  } else if (format === '' || format === 'table') {
    cli.print(defaultTable(cli, items, list));
  } else if (format === 'json') {
    printLines(
      cli,
      items.map((item) => JSON.stringify(list.view(item))),
    );
  } else if (/^table\s/.test(format)) {
    cli.print(templateTable(items, list, format.slice('table'.length).trimStart()));
  } else {
    const template = compile(unescape(format));
    printLines(
      cli,
      items.map((item) => template(list.view(item))),
    );
  }
}

/** The value of one item, as `--format` of `inspect`, `info` and `version` has it. */
export function formatValue(data: unknown, format: string): string {
  return format === 'json' ? JSON.stringify(data) : compile(format)(data);
}

function printLines(cli: Cli, lines: readonly string[]): void {
  if (lines.length > 0) cli.print(lines.join('\n'));
}

function defaultTable<T>(cli: Cli, items: readonly T[], list: ListDescription<T>): string {
  const rows = items.map((item) => {
    const view = list.view(item);
    return list.columns.map((column) => visible(view.text(column)));
  });
  const lines = table([list.columns.map((column) => list.headers[column] ?? ''), ...rows]).split('\n');
  if (!cli.colours || list.colour === undefined) return lines.join('\n');
  return [lines[0], ...items.map((item, i) => coloured(lines[i + 1] ?? '', rows[i] ?? [], item, list))].join(
    '\n',
  );
}

/** Colour is added when widths are settled. */
function coloured<T>(line: string, cells: readonly string[], item: T, list: ListDescription<T>): string {
  let from = 0;
  return list.columns.reduce((text, column, i) => {
    const cell = cells[i] ?? '';
    const at = text.indexOf(cell, from);
    const code = list.colour?.(column, item);
    if (cell === '' || at === -1) return text;
    const painted = code === undefined ? cell : `\u001B[${code}m${cell}\u001B[0m`;
    from = at + painted.length;
    return text.slice(0, at) + painted + text.slice(at + cell.length);
  }, line);
}

/** Functions that shape a value leave a title as it is. */
const HEADER_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  ...FUNCTIONS,
  ...Object.fromEntries(
    ['json', 'split', 'join', 'title', 'lower', 'upper', 'truncate', 'pad'].map((name) => [
      name,
      (title: unknown) => title,
    ]),
  ),
};

function templateTable<T>(items: readonly T[], list: ListDescription<T>, source: string): string {
  const template: Template = compile(unescape(source));
  const titles = new View({
    ...Object.fromEntries(Object.entries(list.headers).map(([name, title]) => [name, () => title])),
    // As Docker has it: the last part, in words.
    Label: (name: unknown) => String(name).split('.').at(-1)?.replaceAll('-', ' '),
  });
  const lines = [template(titles, HEADER_FUNCTIONS), ...items.map((item) => template(list.view(item)))];
  return table(lines.flatMap((line) => line.split('\n')).map((line) => line.split('\t')));
}

/** `\t` and `\n` may be written out. */
function unescape(format: string): string {
  return format.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}
