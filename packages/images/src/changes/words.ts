/**
 * How Dockerfile instructions split and expand their words.
 */
import { invalid } from '../failure.js';

const OPERATION = 'changes';

/** Split at white space, except in quotes and behind a backslash. Quotes and backslashes stay. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    word += char;
    if (char === '\\' && quote !== "'" && at + 1 < text.length) word += text.charAt(++at);
    else if (quote !== '' && char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
  }
  if (word !== '') words.push(word);
  return words;
}

/**
 * Take the quotes off a word and put variables in: `$NAME`, `${NAME}`, `${NAME:-WORD}`, `${NAME:+WORD}`, and both
 * without the colon.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a quote or brace that does not end, or another modifier.
 */
export function expandWord(word: string, variables: ReadonlyMap<string, string>): string {
  let result = '';
  for (let at = 0; at < word.length;) {
    const char = word.charAt(at);
    if (char === "'") {
      const end = word.indexOf("'", at + 1);
      if (end < 0) throw unterminated(word, 'a quote');
      result += word.slice(at + 1, end);
      at = end + 1;
    } else if (char === '"') {
      const { text, next } = expandQuoted(word, at + 1, variables);
      result += text;
      at = next;
    } else if (char === '\\') {
      result += word.charAt(at + 1);
      at += 2;
    } else if (char === '$') {
      const { text, next } = expandVariable(word, at, variables);
      result += text;
      at = next;
    } else {
      result += char;
      at++;
    }
  }
  return result;
}

interface Piece {
  readonly text: string;
  readonly next: number;
}

function expandQuoted(word: string, start: number, variables: ReadonlyMap<string, string>): Piece {
  let text = '';
  for (let at = start; at < word.length;) {
    const char = word.charAt(at);
    if (char === '"') return { text, next: at + 1 };
    if (char === '$') {
      const piece = expandVariable(word, at, variables);
      text += piece.text;
      at = piece.next;
    } else if (char === '\\' && /["$\\]/.test(word.charAt(at + 1))) {
      text += word.charAt(at + 1);
      at += 2;
    } else {
      text += char;
      at++;
    }
  }
  throw unterminated(word, 'a quote');
}

function expandVariable(word: string, at: number, variables: ReadonlyMap<string, string>): Piece {
  const [plain] = /^\$[A-Za-z_][A-Za-z0-9_]*/.exec(word.slice(at)) ?? [];
  if (plain !== undefined) return { text: variables.get(plain.slice(1)) ?? '', next: at + plain.length };
  if (word.charAt(at + 1) !== '{') return { text: '$', next: at + 1 };
  const end = closingBrace(word, at + 2);
  const inside = word.slice(at + 2, end);
  const [, name = '', modifier, rest = ''] = /^([A-Za-z_][A-Za-z0-9_]*)(:?[-+]|$)(.*)$/s.exec(inside) ?? [];
  if (name === '') throw invalid(OPERATION, `\${${inside}} is no variable that is understood`);
  const value = variables.get(name);
  const isSet = value !== undefined && !(modifier?.startsWith(':') === true && value === '');
  if (modifier?.endsWith('+') === true) {
    return { text: isSet ? expandWord(rest, variables) : '', next: end + 1 };
  }
  return { text: isSet ? value : expandWord(rest, variables), next: end + 1 };
}

function closingBrace(word: string, start: number): number {
  let depth = 1;
  for (let at = start; at < word.length; at++) {
    if (word.charAt(at) === '{') depth++;
    else if (word.charAt(at) === '}' && --depth === 0) return at;
  }
  throw unterminated(word, 'a brace');
}

const unterminated = (word: string, what: string): Error =>
  invalid(OPERATION, `${what} in ${JSON.stringify(word)} does not end`);
