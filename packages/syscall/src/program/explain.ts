import { READABLE } from './arguments.js';
import type { Program } from './ir.js';
import { outline, type ExplainedStep } from './outline.js';

export type { ExplainedStep } from './outline.js';

/** How {@link explain} prints. */
export interface ExplainOptions {
  /** With colours for a terminal. */
  readonly color?: boolean;
}

const INDENT = 2;
/** Calls are broken between arguments when they would be longer, as far as there is room at all. */
const LINE = 110;
const MIN_WIDTH = 50;
const RESET = '\u001b[0m';
const STYLES = {
  heading: '\u001b[1m',
  number: '\u001b[36m',
  call: '\u001b[2m',
  branch: '\u001b[33m',
} as const;
type Style = keyof typeof STYLES;

/**
 * A program as one would read an strace of it, before it has happened.
 *
 * @remarks
 * Every system call is numbered and stands under the words that say what it is for; groups are headings; what a
 * handler, a loop or a clone's child does is indented. A number is the one that {@link injectFault} takes, plus one.
 * Arguments longer than 200 characters are cut. Control characters are printed as escapes, so that the name of a file
 * cannot play with the terminal.
 *
 * @example
 * ```ts
 * console.log(explain(program, { color: process.stdout.isTTY }));
 * ```
 */
export function explain(program: Program, options: ExplainOptions = {}): string {
  const paint = (style: Style, text: string): string =>
    options.color === true ? `${STYLES[style]}${text}${RESET}` : text;
  const lines = outline(program, READABLE);
  const count = lines.reduce((sum, line) => sum + (line.number === null ? 0 : 1), 0);
  const gutter = String(count).length;
  const margin = ' '.repeat(gutter);
  const text = [
    paint('heading', printable(program.title)) + ` (${count} system ${count === 1 ? 'call' : 'calls'})`,
  ];
  // An empty line comes before a heading, and where a group ends.
  let groups = Infinity;
  for (const line of lines) {
    const isGroup = line.op === 'group';
    if (isGroup || line.group.length < groups) text.push('');
    groups = line.group.length + (isGroup ? 1 : 0);
    const indent = ' '.repeat(INDENT * line.depth + INDENT);
    const what = printable(line.what);
    if (line.number !== null) {
      text.push(paint('number', String(line.number).padStart(gutter)) + indent + what);
      const left = margin + indent + '  ';
      for (const part of wrap(printable(callText(line)), LINE - left.length))
        text.push(left + paint('call', part));
    } else {
      const style = isGroup ? 'heading' : BRANCHES.has(line.op) ? 'branch' : undefined;
      text.push(margin + indent + (style === undefined ? what : paint(style, what)));
    }
  }
  return text.join('\n') + '\n';
}

/** The same as data, with arguments in full. */
export function explainJson(program: Program): ExplainedStep[] {
  return outline(program, Infinity);
}

const BRANCHES: ReadonlySet<ExplainedStep['op']> = new Set(['on', 'child', 'if', 'else', 'loop']);

function callText({ syscall, args, into, tolerates }: ExplainedStep): string {
  const result = into === null ? '' : ` → ${into}`;
  return `${syscall}(${args.join(', ')})${result}${toleratedText(tolerates)}`;
}

function toleratedText(errnos: readonly string[]): string {
  if (errnos.length === 0) return '';
  if (errnos.includes('any')) return '  (may fail)';
  return `  (${errnos.join(', ')} ${errnos.length === 1 ? 'is' : 'are'} fine)`;
}

/** Lines that end behind a comma, never inside a string; all but the first are indented. */
function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const [part] of text.matchAll(/(?:"(?:[^"\\]|\\.)*"|[^",])+(?:, )?|./g)) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + part.trimEnd().length > Math.max(width, MIN_WIDTH))
      lines.push(`  ${part}`);
    else lines[lines.length - 1] = line + part;
  }
  return lines.map((line) => line.trimEnd());
}

/** Without control characters: C0, DEL, C1. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (found) => {
    const code = found.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${code}`;
  });
}
