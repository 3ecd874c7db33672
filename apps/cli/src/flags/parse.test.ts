import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bool, boolOn, list, parseInteger, value, type Flags } from './flag.js';
import { FlagError, parseFlags } from './parse.js';

const flags = {
  all: bool('all', { short: 'a' }),
  interactive: bool('stdin', { short: 'i' }),
  tty: bool('tty', { short: 't' }),
  sigProxy: boolOn('proxy'),
  env: list('env', { short: 'e' }),
  name: value('name'),
  last: value('last', { short: 'n', parse: parseInteger }),
  network: value('net', { aliases: ['net'] }),
} satisfies Flags;

const read = (...words: string[]) => parseFlags(flags, words, true);
const refusal = (...words: string[]): string => {
  try {
    read(...words);
  } catch (error) {
    if (error instanceof FlagError) return error.message;
    throw error;
  }
  return '';
};

describe('a switch', () => {
  it.each([
    [['-a'], true],
    [['--all'], true],
    [['--all=true'], true],
    [['-a=1'], true],
    [['--all=false'], false],
    [['--all', '--all=F'], false],
    [[], false],
  ])('%j', (words, expected) => {
    expect(read(...words).values['all']).toBe(expected);
  });

  it('takes no value without =', () => {
    expect(read('--all', 'false')).toMatchObject({ values: { all: true }, positional: ['false'] });
  });

  it('that is on is switched off', () => {
    expect(read().values['sigProxy']).toBe(true);
    expect(read('--sig-proxy=false').values['sigProxy']).toBe(false);
  });
});

describe('a value', () => {
  it.each([[['--name', 'x']], [['--name=x']], [['--name', 'y', '--name=x']]])('%j', (words) => {
    expect(read(...words).values['name']).toBe('x');
  });

  it.each([
    [['-n', '5']],
    [['-n5']],
    [['-n=5']],
    [['-an', '5']],
    [['-an5']],
    [['--last=5']],
    [['--last', '+5']],
  ])('%j', (words) => {
    expect(read(...words).values['last']).toBe(5);
  });

  it('may be empty, begin with a hyphen, and hold =', () => {
    expect(read('--name=', '-e', '-x', '--env=A=b=c').values).toMatchObject({
      name: '',
      env: ['-x', 'A=b=c'],
    });
  });

  it('has other names', () => {
    expect(read('--net', 'none').values['network']).toBe('none');
  });

  it('is known to be given', () => {
    expect([...read('-ti', '--name', '').given]).toEqual(['tty', 'interactive', 'name']);
  });
});

describe('words that are no flags', () => {
  it('stand anywhere', () => {
    expect(read('x', '-a', '-', 'y').positional).toEqual(['x', '-', 'y']);
  });

  it('follow --', () => {
    expect(read('-a', '--', '-t', '--', '--name')).toMatchObject({
      values: { all: true, tty: false },
      positional: ['-t', '--', '--name'],
    });
  });

  it('end the flags where those that follow are for another program', () => {
    expect(parseFlags(flags, ['-t', 'image', '-a', '--name', 'x'], false)).toMatchObject({
      values: { tty: true, all: false, name: undefined },
      positional: ['image', '-a', '--name', 'x'],
    });
  });
});

describe('what cannot be', () => {
  it.each([
    [['--nosuch'], 'unknown flag: --nosuch'],
    [['--nmae', 'x'], 'unknown flag: --nmae, did you mean --name?'],
    [['-az'], "unknown shorthand flag: 'z' in -az"],
    [['--name'], 'flag needs an argument: --name'],
    [['-an'], "flag needs an argument: 'n' in -an"],
    [['--all=x'], 'invalid argument "x" for "-a, --all" flag: it is neither true nor false'],
    [['-n', 'x'], 'invalid argument "x" for "-n, --last" flag: it is not a whole number'],
    [
      ['-n', '99999999999999999999'],
      'invalid argument "99999999999999999999" for "-n, --last" flag: it is out of range',
    ],
  ])('%j', (words, message) => {
    expect(refusal(...words)).toBe(message);
  });

  it('does not depend on what words mean to objects', () => {
    expect(refusal('--constructor')).toBe('unknown flag: --constructor');
    expect(refusal('--to-string')).toBe('unknown flag: --to-string');
  });
});

describe('any words', () => {
  /** What is positional, or the refusal. */
  const outcome = (words: readonly string[]): readonly string[] | FlagError => {
    try {
      return read(...words).positional;
    } catch (error) {
      if (error instanceof FlagError) return error;
      throw error;
    }
  };

  it('are read or refused, and nothing after -- is lost or looked at', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('-a', '-e', '--name', '--all', '-n5'));
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.string()), (before, after) => {
        const words = before.filter((one) => one !== '--');
        const whole = outcome([...words, 'x', '--', ...after]);
        const alone = outcome([...words, 'x']);
        expect(whole).toEqual(alone instanceof FlagError ? alone : [...alone, ...after]);
      }),
    );
  });
});
