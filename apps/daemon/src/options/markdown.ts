import { shownDefault } from './flags.js';
import { allOptions } from './table.js';

const BEGIN = '<!-- options: written by ./dev docs -->';
const END = '<!-- /options -->';

/** All options, as the README has them. */
export function optionsTable(): string {
  const rows = allOptions().map(([key, option]) => {
    return [`\`${option.flags}\``, `\`${key}\``, shownDefault(option, '`'), option.help];
  });
  const lines = [['flag', 'key', 'default', 'meaning'], ['---', '---', '---', '---'], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A document with the table in its place. @throws `Error` when there is no place for it. */
export function withOptions(document: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`no place for the options: ${BEGIN} … ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${optionsTable()}\n\n${document.slice(end)}`;
}
