import type { Cli } from './cli.js';
import { bool, type Flags, type Values } from './flags/flag.js';
import { flagHelp } from './flags/help.js';
import { FlagError, parseFlags } from './flags/parse.js';
import { UsageFailure } from './failure.js';

/** What a command is given. */
export interface Invocation<F> {
  readonly cli: Cli;
  readonly flags: Values<F>;
  /** The keys of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
  /** As it was called: `run`, `container run`. */
  readonly name: string;
}

/** A command as its file describes it. */
export interface CommandDescription<F extends Flags> {
  /** Without the name: `[OPTIONS] IMAGE [COMMAND] [ARG...]`. */
  readonly usage: string;
  readonly flags: F;
  /** How many arguments it takes: at least, at most. */
  readonly args: readonly [min: number, max: number];
  /** The first argument ends the flags: what follows is another program's. */
  readonly passesOn?: boolean;
  /** A complete example or two, for the help. */
  readonly examples?: readonly string[];
  /** Exit code of the process. */
  run(invocation: Invocation<F>): Promise<number>;
}

/** A command that can be called. */
export interface Command {
  /**
   * @param name - As it was called: `run`, `container run`.
   * @param summary - What it does, for its help.
   * @returns The exit code.
   */
  readonly call: (cli: Cli, name: string, summary: string, words: readonly string[]) => Promise<number>;
}

/** Make a command of its description. */
export function defineCommand<const F extends Flags>(description: CommandDescription<F>): Command {
  return {
    async call(cli, name, summary, words) {
      const own = description.flags as Flags;
      // -h is the host's name in run and create.
      const taken = Object.values(own).some((flag) => flag.short === 'h');
      const help = bool('Print usage', taken ? {} : { short: 'h' });
      const flags = { ...own, help };
      const parsed = parse(name, flags, words, description.passesOn === true);
      if (parsed.values['help'] === true) {
        cli.print(usage(name, summary, description, { ...own, help: bool('Print usage') }));
        return 0;
      }
      checkCount(name, description.args, parsed.positional.length);
      return description.run({
        cli,
        name,
        flags: parsed.values as Values<F>,
        given: parsed.given,
        args: parsed.positional,
      });
    },
  };
}

function parse(
  name: string,
  flags: Flags,
  words: readonly string[],
  passesOn: boolean,
): ReturnType<typeof parseFlags> {
  try {
    return parseFlags(flags, words, !passesOn);
  } catch (error) {
    if (error instanceof FlagError) throw new UsageFailure(name, error.message);
    throw error;
  }
}

function checkCount(name: string, [min, max]: readonly [number, number], count: number): void {
  if (count >= min && count <= max) return;
  const arguments_ = (n: number): string => `${n} argument${n === 1 ? '' : 's'}`;
  const wants =
    max === 0
      ? 'accepts no arguments'
      : min === max
        ? `requires ${arguments_(min)}`
        : count < min
          ? `requires at least ${arguments_(min)}`
          : `requires at most ${arguments_(max)}`;
  throw new UsageFailure(name, `'ns ${name}' ${wants}`, 1);
}

function usage(name: string, summary: string, description: CommandDescription<Flags>, flags: Flags): string {
  const examples = (description.examples ?? []).map((line) => `  ${line}`).join('\n');
  return [
    `Usage:  ns ${name} ${description.usage}`,
    summary,
    `Options:\n${flagHelp(flags)}`,
    ...(examples === '' ? [] : [`Examples:\n${examples}`]),
  ].join('\n\n');
}
