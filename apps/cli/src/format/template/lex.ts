/** A piece of an action: `{{ … }}` holds a list of them. */
export interface Token {
  readonly kind: 'field' | 'variable' | 'identifier' | 'string' | 'number' | 'symbol';
  readonly text: string;
  /** Where it stands in the template, from 0. */
  readonly at: number;
  /** White space comes before it: `.A .B` are two operands, `.A.B` is one. */
  readonly spaced: boolean;
}

/** A stretch of a template. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly at: number };

/** A template that cannot be read, or not be filled in. */
export class TemplateError extends Error {}

const TOKEN =
  /(\s+)|(\.[\p{L}_][\p{L}\p{N}_]*)|(\$[\p{L}\p{N}_]*)|([\p{L}_][\p{L}\p{N}_]*)|("(?:[^"\\\n]|\\.)*"|`[^`]*`)|([+-]?\d+(?:\.\d+)?)|(:=|[|().,=])/uy;

const KINDS = ['', 'space', 'field', 'variable', 'identifier', 'string', 'number', 'symbol'] as const;

/** Cut a template into text and actions; `{{-` and `-}}` eat the white space around them. */
export function lex(template: string): Piece[] {
  const pieces: Piece[] = [];
  let trim = false;
  let at = 0;
  for (;;) {
    const open = template.indexOf('{{', at);
    let text = template.slice(at, open === -1 ? undefined : open);
    if (trim) text = text.trimStart();
    const trimLeft = open !== -1 && /^\{\{-\s/.test(template.slice(open, open + 4));
    if (trimLeft) text = text.trimEnd();
    if (text !== '') pieces.push({ kind: 'text', text });
    if (open === -1) return pieces;
    const start = open + (trimLeft ? 3 : 2);
    const close = endOfAction(template, start);
    trim = /\s-$/.test(template.slice(start, close));
    const body = template.slice(start, trim ? close - 1 : close);
    if (!/^\s*\/\*/.test(body)) pieces.push({ kind: 'action', tokens: tokens(body, start), at: open });
    at = close + 2;
  }
}

/** The next `}}` that is in no string. */
function endOfAction(template: string, start: number): number {
  const end = /(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?!\}\})[^"`])*\}\}/y;
  end.lastIndex = start;
  const match = end.exec(template);
  if (match === null) throw new TemplateError(`template: ${position(template, start)}: unclosed action`);
  return start + match[0].length - 2;
}

function tokens(body: string, offset: number): Token[] {
  const found: Token[] = [];
  let spaced = true;
  for (let at = 0; at < body.length;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(body);
    if (match === null) {
      throw new TemplateError(
        `template: unexpected ${JSON.stringify(body[at])} in ${JSON.stringify(`{{${body}}}`)}`,
      );
    }
    const kind = KINDS[match.findIndex((group, i) => i > 0 && group !== undefined)] ?? 'symbol';
    if (kind !== 'space' && kind !== '') found.push({ kind, text: match[0], at: offset + at, spaced });
    spaced = kind === 'space';
    at += match[0].length;
  }
  return found;
}

/** `line:column`, both from 1. */
export function position(template: string, at: number): string {
  const before = template.slice(0, at).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
