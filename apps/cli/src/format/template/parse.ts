import { lex, TemplateError, type Piece, type Token } from './lex.js';

/** What an operand is before its fields are taken: `.A`, `$x.A`, `(index . 0).A`. */
export type Operand =
  | { readonly kind: 'dot' | 'nil' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'variable' | 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe };

/** An operand with the fields that are taken of it. */
export interface Chain {
  readonly operand: Operand;
  readonly fields: readonly string[];
  /** As it was written, for messages. */
  readonly text: string;
}

/** `f a b | g c`, or `$x := …`. The result of each command is the last argument of the next. */
export interface Pipe {
  readonly variables: readonly string[];
  /** True for `=`, which sets a variable that exists. */
  readonly assigns: boolean;
  readonly commands: readonly (readonly Chain[])[];
}

/** A part of a template. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/**
 * Read a template in Go's language: fields, pipelines, variables, `if`, `with`, `range`, comments and trimming. Not
 * `define`, `template` and `block`.
 *
 * @throws {@link TemplateError}
 */
export function parseTemplate(template: string): Node[] {
  const pieces = new Pieces(lex(template));
  const nodes = pieces.nodes();
  if (pieces.ended !== undefined) throw new TemplateError(`template: unexpected {{${pieces.ended}}}`);
  return nodes;
}

class Pieces {
  readonly #pieces: Piece[];
  /** The word that ended the last list: `end`, `else`. */
  ended: string | undefined;
  #rest: readonly Token[] = [];

  constructor(pieces: Piece[]) {
    this.#pieces = pieces;
  }

  nodes(): Node[] {
    const nodes: Node[] = [];
    this.ended = undefined;
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const [first, ...rest] = piece.tokens;
      const word = first?.kind === 'identifier' ? first.text : '';
      if (word === 'end' || word === 'else') {
        this.ended = word;
        this.#rest = rest;
        return nodes;
      }
      if (word === 'if' || word === 'with' || word === 'range') nodes.push(this.#block(word, rest));
      else nodes.push({ kind: 'output', pipe: parsePipe(piece.tokens) });
    }
    return nodes;
  }

  #block(kind: 'if' | 'with' | 'range', tokens: readonly Token[]): Node {
    const pipe = parsePipe(tokens);
    const body = this.nodes();
    const otherwise = this.#otherwise(kind);
    this.ended = undefined;
    return { kind, pipe, body, otherwise };
  }

  /** What stands between `else` and `end`; `else if` and `else with` are blocks whose `end` is ours. */
  #otherwise(kind: string): Node[] {
    if (this.ended === undefined) throw new TemplateError(`template: {{${kind}}} has no {{end}}`);
    if (this.ended === 'end') return [];
    const [first, ...rest] = this.#rest;
    if (first?.text === 'if' || first?.text === 'with') return [this.#block(first.text, rest)];
    const nodes = this.nodes();
    if (this.ended !== 'end') throw new TemplateError(`template: {{${kind}}} has no {{end}}`);
    return nodes;
  }
}

function parsePipe(tokens: readonly Token[]): Pipe {
  const reader = new Tokens(tokens);
  const pipe = reader.pipe();
  const left = reader.peek();
  if (left !== undefined)
    throw new TemplateError(`template: unexpected ${JSON.stringify(left.text)} in action`);
  return pipe;
}

class Tokens {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#next + ahead];
  }

  pipe(): Pipe {
    const { variables, assigns } = this.#declaration();
    const commands: Chain[][] = [this.#command()];
    while (this.peek()?.text === '|') {
      this.#next++;
      commands.push(this.#command());
    }
    return { variables, assigns, commands };
  }

  /** `$x :=`, `$i, $x :=`, `$x =`. */
  #declaration(): Pick<Pipe, 'variables' | 'assigns'> {
    if (this.peek()?.kind !== 'variable') return { variables: [], assigns: false };
    const two = this.peek(1)?.text === ',';
    const sign = this.peek(two ? 3 : 1)?.text;
    if (sign !== ':=' && sign !== '=') return { variables: [], assigns: false };
    const variables = [this.peek(), ...(two ? [this.peek(2)] : [])].map((token) => token?.text ?? '');
    this.#next += two ? 4 : 2;
    return { variables, assigns: sign === '=' };
  }

  #command(): Chain[] {
    const chains: Chain[] = [];
    for (
      let token = this.peek();
      token !== undefined && token.text !== '|' && token.text !== ')';
      token = this.peek()
    ) {
      chains.push(this.#chain());
    }
    if (chains.length === 0) throw new TemplateError('template: missing value for command');
    return chains;
  }

  #chain(): Chain {
    const from = this.#next;
    const operand = this.#operand();
    const fields: string[] = [];
    // A chain that begins with a field has dot for its operand, and the field is still to be read.
    for (
      let token = this.peek();
      token?.kind === 'field' && (!token.spaced || this.#next === from);
      token = this.peek()
    ) {
      fields.push(token.text.slice(1));
      this.#next++;
    }
    const text = this.#tokens
      .slice(from, this.#next)
      .map(({ text: own, spaced }, i) => (spaced && i > 0 ? ` ${own}` : own))
      .join('');
    return { operand, fields, text };
  }

  #operand(): Operand {
    const token = this.peek();
    if (token === undefined) throw new TemplateError('template: missing value for command');
    if (token.kind === 'field') return { kind: 'dot' };
    this.#next++;
    switch (token.kind) {
      case 'variable':
        return { kind: 'variable', name: token.text };
      case 'string':
        return { kind: 'literal', value: unquote(token.text) };
      case 'number':
        return { kind: 'literal', value: Number(token.text) };
      case 'identifier':
        if (token.text === 'nil') return { kind: 'nil' };
        if (token.text === 'true' || token.text === 'false')
          return { kind: 'literal', value: token.text === 'true' };
        return { kind: 'function', name: token.text };
      default:
        return this.#symbol(token);
    }
  }

  #symbol(token: Token): Operand {
    if (token.text === '.') return { kind: 'dot' };
    if (token.text !== '(')
      throw new TemplateError(`template: unexpected ${JSON.stringify(token.text)} in action`);
    const pipe = this.pipe();
    if (this.peek()?.text !== ')') throw new TemplateError('template: unclosed left paren');
    this.#next++;
    return { kind: 'pipe', pipe };
  }
}

function unquote(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  try {
    return JSON.parse(text.replaceAll(/\\x([0-9a-fA-F]{2})/g, '\\u00$1').replaceAll("\\'", "'")) as string;
  } catch (cause) {
    throw new TemplateError(`template: bad string ${text}`, { cause });
  }
}
