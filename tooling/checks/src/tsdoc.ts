import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { parseSync, type Class, type Comment, type Statement } from 'oxc-parser';

/** A declaration, and whether a doc comment stands right before it. */
interface Declared {
  readonly documented: boolean;
  /** Public methods of a class that have none. */
  readonly bareMethods: readonly string[];
}

/** Where an exported name comes from: this file, or another. */
interface Exported {
  readonly local: string;
  readonly from?: string;
}

interface Module {
  readonly declared: Map<string, Declared>;
  readonly exported: Map<string, Exported>;
  /** Files all of whose exports are passed on. */
  readonly stars: string[];
}

/**
 * The public symbols of a package that have no TSDoc: what its entry exports, wherever in the package it is declared,
 * and the public methods of exported classes.
 *
 * @param entry - The path of the entry's source.
 * @returns `FILE: NAME` or `FILE: CLASS.METHOD` for each.
 */
export function undocumented(entry: string): string[] {
  const modules = new Map<string, Module>();
  const load = (path: string): Module => {
    const known = modules.get(path);
    if (known !== undefined) return known;
    const fresh = parse(path);
    modules.set(path, fresh);
    return fresh;
  };
  const found = new Set<string>();
  const check = (path: string, name: string): boolean => {
    const module = load(path);
    const exported = module.exported.get(name);
    if (exported === undefined) return module.stars.some((star) => check(star, name));
    if (exported.from !== undefined) return check(exported.from, exported.local);
    const declaration = module.declared.get(exported.local);
    if (declaration?.documented === false) found.add(`${path}: ${name}`);
    for (const method of declaration?.bareMethods ?? []) found.add(`${path}: ${name}.${method}`);
    return true;
  };
  for (const name of namesOf(entry, load)) check(entry, name);
  return [...found].toSorted();
}

function namesOf(path: string, load: (path: string) => Module): Set<string> {
  const module = load(path);
  return new Set([...module.exported.keys(), ...module.stars.flatMap((star) => [...namesOf(star, load)])]);
}

function parse(path: string): Module {
  const text = readFileSync(path, 'utf8');
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const module: Module = { declared: new Map(), exported: new Map(), stars: [] };
  for (const statement of program.body) addStatement(module, statement, { path, text, comments });
  return module;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly comments: readonly Comment[];
}

function addStatement(module: Module, statement: Statement, source: Source): void {
  if (statement.type === 'ExportAllDeclaration') {
    const from = target(source.path, statement.source.value);
    if (from !== undefined && statement.exported === null) module.stars.push(from);
    return;
  }
  if (statement.type === 'ExportNamedDeclaration') {
    const from = statement.source ? target(source.path, statement.source.value) : undefined;
    for (const { local, exported } of statement.specifiers) {
      // What comes from another package is documented there.
      if (statement.source !== null && from === undefined) continue;
      module.exported.set(nameOf(exported), {
        local: nameOf(local),
        ...(from === undefined ? {} : { from }),
      });
    }
    if (statement.declaration) {
      for (const name of declare(module, statement.declaration, statement.start, source)) {
        module.exported.set(name, { local: name });
      }
    }
    return;
  }
  declare(module, statement, statement.start, source);
}

/** Note what a declaration declares; the first of several overloads counts. */
function declare(module: Module, node: { readonly type: string }, start: number, source: Source): string[] {
  const names = declaredNames(node as Statement);
  const documented = hasDoc(start, source);
  const bareMethods = node.type === 'ClassDeclaration' ? methodsWithoutDoc(node as Class, source) : [];
  for (const name of names) {
    if (!module.declared.has(name)) module.declared.set(name, { documented, bareMethods });
  }
  return names;
}

function declaredNames(node: Statement): string[] {
  switch (node.type) {
    case 'VariableDeclaration':
      return node.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return node.id ? [node.id.name] : [];
    default:
      return [];
  }
}

function methodsWithoutDoc(node: Class, source: Source): string[] {
  const seen = new Set<string>();
  return node.body.body.flatMap((member) => {
    if (member.type !== 'MethodDefinition' || member.key.type !== 'Identifier') return [];
    const { name } = member.key;
    const first = !seen.has(name);
    seen.add(name);
    const hidden = member.accessibility === 'private' || member.accessibility === 'protected';
    if (!first || hidden || member.kind === 'constructor' || member.override) return [];
    return hasDoc(member.start, source) ? [] : [name];
  });
}

function hasDoc(start: number, { text, comments }: Source): boolean {
  return comments.some(
    (comment) =>
      comment.type === 'Block' &&
      comment.value.startsWith('*') &&
      comment.end <= start &&
      text.slice(comment.end, start).trim() === '',
  );
}

const nameOf = (name: { readonly name?: string; readonly value?: string }): string =>
  name.name ?? name.value ?? '';

/** The source file that a relative import means. */
const target = (path: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? join(dirname(path), specifier.replace(/\.js$/, '.ts')) : undefined;
