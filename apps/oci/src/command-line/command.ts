import type { Flags, Values } from './flag.js';

/** The flags before the command. */
export interface GlobalOptions {
  /** Directory of the containers' states. */
  readonly root: string;
  readonly systemdCgroup: boolean;
  readonly debug: boolean;
  /** Cgroups that cannot be made are done without: `--rootless`, or not root. */
  readonly rootless: boolean;
  /** File that errors are written to, and how: for a program that hands them on. */
  readonly log: string | undefined;
  readonly logFormat: 'text' | 'json';
}

/** What a command is given. */
export interface Invocation<F> {
  readonly global: GlobalOptions;
  readonly flags: Values<F>;
  readonly args: readonly string[];
  /** Write to standard output. */
  readonly print: (text: string) => void;
  /** A line of the log at the level `warning`. */
  readonly warn: (message: string) => void;
  /** A line of the log at the level `debug`, with `--debug` only. */
  readonly trace: (message: string) => void;
}

/** A command as its file describes it. */
export interface CommandDescription<F extends Flags> {
  readonly summary: string;
  /** Without the name: `<container-id> [command...]`. */
  readonly usage: string;
  readonly flags: F;
  /** How many arguments it takes: at least, at most. */
  readonly args: readonly [min: number, max: number];
  /** @returns The exit status. */
  run(invocation: Invocation<F>): Promise<number>;
}

/** A command whose flags are nobody's business but its own. */
export type Command = CommandDescription<Flags>;

/** Make a command of its description. */
export const defineCommand = <const F extends Flags>(description: CommandDescription<F>): Command =>
  description;
