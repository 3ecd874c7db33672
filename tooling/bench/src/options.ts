import { parseArgs } from 'node:util';

/** How to measure. */
export interface Options {
  readonly rounds: number;
  readonly warmups: number;
  /** Which groups and subjects: those whose `group/subject` matches. */
  readonly filter: RegExp;
  /** Where the figures go as JSON. */
  readonly json: string;
  /** How many containers the memory group starts of each kind. */
  readonly containers: number;
}

export const USAGE = `usage: ./dev bench [OPTIONS]     (or, with everything built and installed: pnpm bench [OPTIONS])

  --rounds N        how often each subject is run (default 40)
  --warmups N       rounds before those, which are not counted (default 3)
  --containers N    containers of each kind whose monitors are weighed (default 20)
  --filter REGEX    only what matches, in "group/subject": start/, 'start/(native|crun)', memory
  --json FILE       where the figures go (default .cache/bench.json)

Groups: start, confined, drivers, exec, clients, ports, compile, daemon, memory. Needs root on Linux; leaves nothing behind.`;

/** @throws `Error` in words for the user. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '40' },
      warmups: { type: 'string', default: '3' },
      containers: { type: 'string', default: '20' },
      filter: { type: 'string', default: '.' },
      json: { type: 'string', default: '.cache/bench.json' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    rounds: count('--rounds', values.rounds, 1),
    warmups: count('--warmups', values.warmups, 0),
    containers: count('--containers', values.containers, 1),
    filter: pattern(values.filter),
    json: values.json,
  };
}

function count(option: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= 100_000) return value;
  throw new Error(`${option}: ${JSON.stringify(text)} is not a number from ${least} to 100000`);
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new Error(`--filter: ${JSON.stringify(text)} is not a regular expression`);
  }
}
