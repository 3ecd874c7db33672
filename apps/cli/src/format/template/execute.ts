import { FUNCTIONS, type TemplateFunction } from './functions.js';
import { TemplateError } from './lex.js';
import { parseTemplate, type Chain, type Node, type Operand, type Pipe } from './parse.js';
import { field, goString, isTrue } from './value.js';

/** A template that has been read. Filling it in throws {@link TemplateError} for a field that is not there. */
export type Template = (data: unknown, functions?: Readonly<Record<string, TemplateFunction>>) => string;

/** Read a template. @throws {@link TemplateError} */
export function compile(source: string): Template {
  const nodes = parseTemplate(source);
  return (data, functions = FUNCTIONS) => {
    const run = new Run(data, functions);
    run.nodes(nodes, data);
    return run.output.join('');
  };
}

class Run {
  readonly output: string[] = [];
  readonly #functions: Readonly<Record<string, TemplateFunction>>;
  /** The innermost block is last. */
  #scopes: Map<string, unknown>[];

  constructor(data: unknown, functions: Readonly<Record<string, TemplateFunction>>) {
    this.#functions = functions;
    this.#scopes = [new Map([['$', data]])];
  }

  nodes(nodes: readonly Node[], dot: unknown): void {
    for (const node of nodes) this.#node(node, dot);
  }

  #node(node: Node, dot: unknown): void {
    switch (node.kind) {
      case 'text':
        this.output.push(node.text);
        return;
      case 'output': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.output.push(goString(value));
        return;
      }
      case 'range':
        this.#scoped(() => this.#range(node, dot));
        return;
      default:
        this.#scoped(() => {
          const value = this.#pipe(node.pipe, dot);
          if (isTrue(value)) this.nodes(node.body, node.kind === 'with' ? value : dot);
          else this.nodes(node.otherwise, dot);
        });
    }
  }

  #range(
    { pipe, body, otherwise }: Extract<Node, { pipe: Pipe; body: readonly Node[] }>,
    dot: unknown,
  ): void {
    const value = this.#pipe({ ...pipe, variables: [] }, dot);
    const items = itemsOf(value);
    if (items.length === 0) return this.nodes(otherwise, dot);
    for (const [key, item] of items) {
      const [first, second] = pipe.variables;
      this.#scoped(() => {
        if (second !== undefined) this.#set(second, item);
        if (first !== undefined) this.#set(first, second === undefined ? item : key);
        this.nodes(body, item);
      });
    }
  }

  #scoped(run: () => void): void {
    const outer = this.#scopes;
    this.#scopes = [...outer, new Map()];
    run();
    this.#scopes = outer;
  }

  #set(name: string, value: unknown): void {
    this.#scopes.at(-1)?.set(name, value);
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let value: unknown;
    for (const [i, command] of pipe.commands.entries()) {
      value = this.#command(command, dot, i === 0 ? [] : [value]);
    }
    for (const name of pipe.variables) {
      if (!pipe.assigns) this.#set(name, value);
      else this.#scopeOf(name).set(name, value);
    }
    return value;
  }

  #command([head, ...rest]: readonly Chain[], dot: unknown, piped: readonly unknown[]): unknown {
    if (head === undefined) throw new TemplateError('template: missing value for command');
    const args = [...rest.map((chain) => this.#chain(chain, dot, [])), ...piped];
    return this.#chain(head, dot, args);
  }

  #chain({ operand, fields, text }: Chain, dot: unknown, args: readonly unknown[]): unknown {
    let value = this.#operand(operand, dot, fields.length === 0 ? args : []);
    if (fields.length === 0 && args.length > 0 && operand.kind !== 'function') {
      throw new TemplateError(`template: can't give argument to non-function ${text}`);
    }
    for (const [i, name] of fields.entries())
      value = field(value, name, text, i === fields.length - 1 ? args : []);
    return value;
  }

  #operand(operand: Operand, dot: unknown, args: readonly unknown[]): unknown {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'literal':
        return operand.value;
      case 'variable':
        return this.#scopeOf(operand.name).get(operand.name);
      case 'pipe':
        return this.#pipe(operand.pipe, dot);
      default:
        return this.#function(operand.name)(...args);
    }
  }

  #function(name: string): TemplateFunction {
    const found = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (found === undefined) throw new TemplateError(`template: function "${name}" not defined`);
    return found;
  }

  #scopeOf(name: string): Map<string, unknown> {
    const scope = this.#scopes.findLast((one) => one.has(name));
    if (scope === undefined) throw new TemplateError(`template: undefined variable "${name}"`);
    return scope;
  }
}

function itemsOf(value: unknown): (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return [...value.entries()];
  if (typeof value === 'number') return Array.from({ length: value }, (_, i) => [i, i] as const);
  if (value === null || value === undefined) return [];
  if (typeof value === 'object') return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  throw new TemplateError(`template: range can't iterate over ${goString(value)}`);
}
